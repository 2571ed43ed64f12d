#!/usr/bin/env python3
"""Reads a printed certificate with programs that share no code with this project.

Usage: paper_python.py FILE.pdf

Takes the attachment out with pikepdf, draws the first page with PDFium and reads its QR codes with zxing-cpp: at several
resolutions, in black and white as a fax machine sends it, turned, and out of focus. Prints one JSON object.
"""
import hashlib
import json
import sys

import numpy
import pikepdf
import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter

SMALLEST, TURNS = 100, (0.0, 1.3, 7.0, 33.0, 90.0, 180.0)


def attachment(path):
    with pikepdf.open(path) as pdf:
        names = list(pdf.attachments)
        if len(names) != 1:
            raise SystemExit(f"{len(names)} attachments")
        specification = pdf.attachments[names[0]]
        file = specification.get_file()
        data = file.read_bytes()
        return {
            "name": specification.filename,
            "media_type": file.mime_type,
            "relationship": str(specification.obj.get("/AFRelationship", "")).lstrip("/"),
            "checksum_holds": not file.md5 or file.md5 == hashlib.md5(data, usedforsecurity=False).digest(),
            "text": data.decode("ascii"),
            "pages": len(pdf.pages),
        }


def drawn(path, dpi):
    with pypdfium2.PdfDocument(path) as pdf:
        return pdf[0].render(scale=dpi / 72).to_pil().convert("L")


def read(picture):
    found = zxingcpp.read_barcodes(numpy.asarray(picture), formats=zxingcpp.BarcodeFormat.QRCode)
    return {code.text for code in found}


def fax(picture):
    return picture.point(lambda level: 255 if level > 127 else 0)


def turned(picture, degrees):
    return picture.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def rates(path, expected):
    """Of each size and treatment, how many readings in a hundred found each of the codes."""
    out = {}
    for dpi in (SMALLEST, 150, 200, 300, 600):
        page = drawn(path, dpi)
        treatments = {
            "grey": [turned(page, degrees) for degrees in TURNS],
            "fax": [fax(turned(page, degrees)) for degrees in TURNS],
            # As far out of focus as a point spreads over 0.1 and 0.17 mm of the page.
            "blurred": [page.filter(ImageFilter.GaussianBlur(dpi * width / 25.4)) for width in (0.1, 0.17)],
        }
        for name, pictures in treatments.items():
            found = [read(picture) for picture in pictures]
            percent = {kind: round(100 * sum(text in one for one in found) / len(found)) for kind, text in expected.items()}
            out[f"{dpi} {name}"] = percent
    return out


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        raise SystemExit(__doc__)
    path = sys.argv[1]
    best = read(drawn(path, 600))
    kinds = {"stamp": [t for t in best if t.startswith("CO1:")], "look_up": [t for t in best if "/V/" in t]}
    expected = {kind: texts[0] for kind, texts in kinds.items() if len(texts) == 1}
    print(json.dumps({"attachment": attachment(path), "codes": expected, "rates": rates(path, expected)}))


if __name__ == "__main__":
    main()
