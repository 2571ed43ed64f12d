//! Countries whose customs may have a node.

/// Each with the zone of its customs and a port of its.
pub(super) const COUNTRIES: [(&str, &str, &str); 50] = [
    ("CN", "Asia/Shanghai", "CNSHA"),
    ("KE", "Africa/Nairobi", "KEMBA"),
    ("MY", "Asia/Kuala_Lumpur", "MYPKG"),
    ("TR", "Europe/Istanbul", "TRIST"),
    ("ZA", "Africa/Johannesburg", "ZADUR"),
    ("AE", "Asia/Dubai", "AEJEA"),
    ("LK", "Asia/Colombo", "LKCMB"),
    ("BR", "America/Sao_Paulo", "BRSSZ"),
    ("AR", "America/Argentina/Buenos_Aires", "ARBUE"),
    ("AU", "Australia/Sydney", "AUSYD"),
    ("BD", "Asia/Dhaka", "BDCGP"),
    ("BE", "Europe/Brussels", "BEANR"),
    ("CA", "America/Vancouver", "CAVAN"),
    ("CI", "Africa/Abidjan", "CIABJ"),
    ("CL", "America/Santiago", "CLVAP"),
    ("CO", "America/Bogota", "COCTG"),
    ("DE", "Europe/Berlin", "DEHAM"),
    ("DJ", "Africa/Djibouti", "DJJIB"),
    ("DK", "Europe/Copenhagen", "DKAAR"),
    ("EG", "Africa/Cairo", "EGALY"),
    ("ES", "Europe/Madrid", "ESVLC"),
    ("FI", "Europe/Helsinki", "FIHEL"),
    ("FR", "Europe/Paris", "FRLEH"),
    ("GB", "Europe/London", "GBFXT"),
    ("GH", "Africa/Accra", "GHTEM"),
    ("GR", "Europe/Athens", "GRPIR"),
    ("ID", "Asia/Jakarta", "IDJKT"),
    ("IT", "Europe/Rome", "ITGOA"),
    ("JP", "Asia/Tokyo", "JPTYO"),
    ("KR", "Asia/Seoul", "KRPUS"),
    ("MA", "Africa/Casablanca", "MACAS"),
    ("MG", "Indian/Antananarivo", "MGTMM"),
    ("MU", "Indian/Mauritius", "MUPLU"),
    ("MX", "America/Mexico_City", "MXZLO"),
    ("MZ", "Africa/Maputo", "MZMPM"),
    ("NL", "Europe/Amsterdam", "NLRTM"),
    ("NO", "Europe/Oslo", "NOOSL"),
    ("NZ", "Pacific/Auckland", "NZAKL"),
    ("OM", "Asia/Muscat", "OMSLL"),
    ("PE", "America/Lima", "PECLL"),
    ("PH", "Asia/Manila", "PHMNL"),
    ("PL", "Europe/Warsaw", "PLGDN"),
    ("PT", "Europe/Lisbon", "PTLEI"),
    ("SA", "Asia/Riyadh", "SAJED"),
    ("SE", "Europe/Stockholm", "SEGOT"),
    ("SG", "Asia/Singapore", "SGSIN"),
    ("SN", "Africa/Dakar", "SNDKR"),
    ("TH", "Asia/Bangkok", "THLCH"),
    ("TZ", "Africa/Dar_es_Salaam", "TZDAR"),
    ("VN", "Asia/Ho_Chi_Minh", "VNSGN"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{certificate::Country, time::ZoneName};
    use std::collections::BTreeSet;

    #[test]
    fn every_country_is_there_once_with_a_zone_that_is_known_and_a_port_of_its_own() {
        let codes = COUNTRIES.iter().map(|(country, ..)| *country).collect::<BTreeSet<_>>();
        assert_eq!(codes.len(), COUNTRIES.len());
        for (country, zone, port) in COUNTRIES {
            assert!(country.parse::<Country>().is_ok(), "{country}");
            assert!(ZoneName::new(zone).is_ok(), "{zone}");
            assert!(port.len() == 5 && port.starts_with(country), "{port}");
        }
    }
}
