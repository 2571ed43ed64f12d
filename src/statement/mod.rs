//! What an authority signs, and how it is taken apart: SD-JWT, the kinds of statement, status lists, bundles.
