//! What a partner is held to: one point a row of the report, with what it rests on.

/// Makes the points, in the order in which they are gone through.
macro_rules! points {
    ($($id:ident $name:literal needs [$($need:ident)*] $asked:literal from $basis:literal;)*) => {
        /// One thing that is asked of the exchange with a partner.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Point { $($id),* }

        impl Point {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$id),*];

            /// Its name in the report, stable.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$id => $name),* }
            }

            /// What is asked.
            pub(super) const fn asked(self) -> &'static str {
                match self { $(Self::$id => $asked),* }
            }

            /// Where that is written down.
            pub(super) const fn basis(self) -> &'static str {
                match self { $(Self::$id => $basis),* }
            }

            /// The points without which it says nothing.
            pub(super) const fn needs(self) -> &'static [Self] {
                match self { $(Self::$id => &[$(Self::$need),*]),* }
            }
        }
    };
}

points! {
    Connected "connected" needs []
        "answers at the address in the trust list, and shows a TLS key that the list pins"
        from "docs/partners.md, Joining";
    TrustList "trust_list" needs [Connected]
        "uses the trust list that is in use here, and not another of the same version"
        from "docs/partners.md, Joining";
    Clock "clock" needs [Connected]
        "has a clock within five minutes of this one"
        from "docs/statements-v1.schema.json, status-snapshot";
    Issued "issued" needs []
        "every certificate of the month is issued, whatever the partner does"
        from "docs/partners.md, Partner nodes";
    Held "held" needs [Connected Issued]
        "holds every entry that is addressed to it"
        from "docs/partners.md, Partner nodes";
    Cosigned "cosigned" needs [Held]
        "cosigns what it holds, with the replica key that the trust list names"
        from "C2SP tlog-cosignature";
    Bundles "bundles" needs [Cosigned]
        "certificates verify alone, with no network, under a head that it cosigned"
        from "C2SP tlog-proof";
    Arrivals "arrivals" needs [Held]
        "shows its customs every certificate, with all that it says"
        from "docs/cli/customs.md, What arrived";
    Suspended "suspended" needs [Cosigned]
        "a certificate is suspended, there as here"
        from "docs/statements-v1.schema.json, status-change";
    Reinstated "reinstated" needs [Suspended]
        "the suspension ends, there as here"
        from "docs/statements-v1.schema.json, status-change";
    Withdrawn "withdrawn" needs [Cosigned]
        "a certificate is withdrawn from its issue, there as here"
        from "docs/statements-v1.schema.json, status-change";
    Cancelled "cancelled" needs [Cosigned]
        "a certificate is cancelled at its holder's wish, unused, there as here"
        from "docs/statements-v1.schema.json, status-change";
    Replaced "replaced" needs [Cosigned]
        "a certificate is replaced: the old one is superseded there, and the new one is there"
        from "docs/statements-v1.schema.json, status-change";
    TrueCopy "true_copy" needs [Cosigned]
        "a certified true copy takes the place of its original, there as here"
        from "docs/statements-v1.schema.json, certificate-of-origin";
    Accepted "accepted" needs [Arrivals]
        "its officer accepts a claim, and the issuer reads it, signed"
        from "docs/cli/customs.md, Deciding";
    Denied "denied" needs [Arrivals]
        "a denial takes a coded reason and a second person, and the issuer reads both"
        from "docs/cli/customs.md, Deciding";
    WrittenOff "written_off" needs [Arrivals]
        "what is imported is written off, and the issuer reads how much"
        from "docs/cli/customs.md, Writing off";
    Exceeded "exceeded" needs [WrittenOff]
        "more than is left is refused"
        from "docs/cli/customs.md, Writing off";
    UsedStands "used_stands" needs [WrittenOff]
        "what was used there is not cancelled here any more"
        from "docs/cli/customs.md, Writing off";
    Enquiry "enquiry" needs [Arrivals]
        "an enquiry is acknowledged and answered in full, and the signed answer is there"
        from "docs/cli/enquiries.md";
    Package "package" needs [Cosigned]
        "takes a package by carrier, and its answer cosigns it, with no connection"
        from "docs/partners.md, A partner that cannot be reached";
    Outage "outage" needs [Cosigned]
        "catches up by itself with what was issued while it could not reach this node"
        from "docs/partners.md, Partner nodes";
    Rotation "rotation" needs [Cosigned TrustList]
        "takes a new trust list, and cosigns what a new statement key signs"
        from "docs/partners.md, Another signing key";
    Snapshots "snapshots" needs [Cosigned]
        "the status of every certificate is snapshotted in the log and cosigned, and no more than an hour old"
        from "docs/statements-v1.schema.json, status-snapshot";
    Findings "findings" needs [Connected]
        "no entry of it failed a check here, and no log has shown two histories"
        from "docs/partners.md, Watching";
    OwnLogs "own_logs" needs [Issued]
        "this node's logs to it, hashed again from the first entry, are what was signed and cosigned"
        from "RFC 6962; C2SP tlog-checkpoint";
    PartnerLogs "partner_logs" needs [Held]
        "its logs to this node, hashed again from the first entry, are what it signed"
        from "RFC 6962; C2SP tlog-checkpoint";
    Receipts "receipts" needs [Held]
        "receipts the contents of every certificate, with none missing"
        from "docs/statements-v1.schema.json, receipt";
    PartnerDoor "partner_door" needs [PartnerLogs]
        "shows at its own door the log that it gave to this node, entry by entry"
        from "docs/https.md, Who may read";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_point_needs_points_that_come_before_it_and_no_name_stands_twice() {
        let mut seen = BTreeSet::new();
        for point in Point::ALL {
            assert!(point.needs().iter().all(|need| seen.contains(need.name())), "{}", point.name());
            assert!(seen.insert(point.name()), "{}", point.name());
        }
    }
}
