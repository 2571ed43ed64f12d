//! The records and states of an issuing office: accounts, roles, offices, number series.
