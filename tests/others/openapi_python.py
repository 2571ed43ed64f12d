"""Holds an OpenAPI description against the specification, by a validator of others; prints how much it describes."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

with open(sys.argv[1], encoding="utf-8") as file:
    described = json.load(file)
for error in OpenAPIV31SpecValidator(described).iter_errors():
    print(f"{list(error.absolute_path)}: {error.message}", file=sys.stderr)
    sys.exit(1)
print(json.dumps({"operations": len(described["paths"]), "schemas": len(described["components"]["schemas"])}))
