//! Goods that come from one country alone: how they were obtained.

use crate::certificate::{
    Country, Text,
    declare::{section, words},
};

words! {
    /// How goods were wholly obtained. The kinds are those agreements commonly list.
    pub enum ObtainedKind("OBTAINED") {
        /// Mineral or other natural substance taken from the soil, waters or seabed.
        Mined = "mined",
        /// Plant grown and harvested, picked or gathered.
        Harvested = "harvested",
        /// Live animal born and raised.
        LiveAnimal = "live_animal",
        /// Obtained from live animals.
        FromLiveAnimal = "from_live_animal",
        /// Hunted, trapped, farmed or fished within the country.
        HuntedOrFished = "hunted_or_fished",
        /// Taken from the sea outside by vessels of the country.
        SeaFishing = "sea_fishing",
        /// Made on board factory ships of the country from such products.
        FactoryShip = "factory_ship",
        /// Waste and scrap of manufacture or use there.
        Waste = "waste",
        /// Used articles collected there, fit only for the recovery of raw materials.
        UsedArticles = "used_articles",
        /// Made there solely of goods of the kinds above.
        SolelyOfThese = "solely_of_these",
    }
}

section! {
    /// The declaration that an item was wholly obtained.
    pub struct Obtained {
        /// How.
        kind: ObtainedKind,
        /// In which country; the exporting one where nothing is said.
        country: Option<Country>,
        /// Where and how, in words: the mine, the farm, the vessel.
        details: Option<Text<512>>,
    }
}
