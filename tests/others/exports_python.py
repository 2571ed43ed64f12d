"""Holds exports against the published schemas, by validators that share no code with the product.

Usage: exports_python.py SCHEMAS FILE...

SCHEMAS is the folder with the UN/CEFACT JSON Schema and the UBL XSDs; a FILE ends in .json or .xml.
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from lxml import etree


def main(schemas: Path, files: list[Path]) -> None:
    schema = json.loads((schemas / "UNECE-PreferentialCoO-D23B.json").read_text())
    un_cefact = Draft202012Validator(schema)
    ubl = etree.XMLSchema(etree.parse(schemas / "ubl-2.5/maindoc/UBL-CertificateOfOrigin-2.5.xsd"))
    faults = []
    for file in files:
        if file.suffix == ".json":
            document = json.loads(file.read_text())
            found = [f"{error.json_path}: {error.message}" for error in un_cefact.iter_errors(document)]
        else:
            # Nothing outside the document is ever read.
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            ubl.validate(etree.parse(file, parser))
            found = [f"line {error.line}: {error.message}" for error in ubl.error_log]
        faults += [f"{file.name}: {fault}" for fault in found]
    print(json.dumps({"files": len(files), "faults": faults}))


if __name__ == "__main__":
    if len(sys.argv) < 3 or "--help" in sys.argv:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
