// Verifies an SD-JWT with the JavaScript implementation `@sd-jwt/core`. Usage: sd_jwt_javascript.mjs TOKEN_FILE JWK_FILE
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createHash, createPublicKey, verify } from "node:crypto";
import { pathToFileURL } from "node:url";

const [tokenFile, keyFile] = process.argv.slice(2);
// The packages lie outside the project: Node.js looks them up from there.
const require = createRequire(`${process.env.ORIGIN_TEST_OTHERS}/package.json`);
const { SDJwtInstance } = await import(pathToFileURL(require.resolve("@sd-jwt/core")));

const key = createPublicKey({ key: JSON.parse(readFileSync(keyFile, "utf8")), format: "jwk" });
const instance = new SDJwtInstance({
  verifier: (data, signature) => verify(null, Buffer.from(data), key, Buffer.from(signature, "base64url")),
  hasher: (data) => createHash("sha256").update(typeof data === "string" ? data : Buffer.from(data)).digest(),
  hashAlg: "sha-256",
});
const { payload } = await instance.verify(readFileSync(tokenFile, "utf8").trim());
console.log(JSON.stringify({ number: payload.reference.number, items: payload.goods.items.length }));
