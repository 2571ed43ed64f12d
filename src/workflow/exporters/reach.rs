//! What a mandate can be for: agreements and offices that there are.

use crate::{
    office::{MandateRefused, Scope},
    workflow::Desk,
};

impl Desk {
    /// Refuses a mandate by which nothing could be filed, because it names an agreement or an office that there is not.
    pub fn within_reach(&self, scope: &Scope) -> Result<(), MandateRefused> {
        let agreements = self.agreements();
        if let Some(named) = scope.agreements.iter().find(|code| agreements.get(code).is_none()) {
            let known = agreements.iter().map(|one| one.code.to_string()).collect::<Vec<_>>().join(", ");
            return Err(MandateRefused::Nowhere { what: "agreement", named: named.to_string(), known });
        }
        if let Some(named) = scope.offices.iter().find(|code| self.offices().find(code).is_none()) {
            let open = self.offices().all().into_iter().filter(|record| !record.is_closed());
            let known = open.map(|record| record.office.code.to_string()).collect::<Vec<_>>().join(", ");
            return Err(MandateRefused::Nowhere { what: "office", named: named.to_string(), known });
        }
        Ok(())
    }
}
