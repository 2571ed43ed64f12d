//! Values that stand in documents as one string, and lists of which each has its word.

/// Serialises as the `Display` text and reads back through `FromStr`, so that no document holds another spelling.
macro_rules! serde_as_text {
    ($($kind:ty),+ $(,)?) => {$(
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;

/// A closed list, of which everything is said once: each variant, in order, with its word, and how that is asked for.
macro_rules! closed_list {
    (
        $(#[$meta:meta])* pub enum $list:ident;
        $(#[$of_word:meta])* $of:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$meta])*
        pub enum $list { $($(#[$doc])* $variant,)+ }

        impl $list {
            /// All of them, in their order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            $(#[$of_word])*
            #[must_use]
            pub const fn $of(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}
pub(crate) use closed_list;
