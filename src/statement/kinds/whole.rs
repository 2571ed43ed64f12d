//! Kinds of which every member is a section that is disclosed, and none may be dropped: to the public a log says
//! that such a statement was made, and nothing of what it is about.
//!
//! The body is a `section!` of its sections, so that one definition writes, reads and describes them; its rules across
//! members are its `check`.

/// How such a kind is written and read. What is not shown whole is not shown at all.
macro_rules! disclosed_whole {
    ($body:ident { $($section:ident),+ $(,)? }) => {
        /// How many disclosures it has.
        pub(super) const SECTIONS: usize = [$(stringify!($section)),+].len();

        pub(super) fn write(
            body: &$body,
            draft: &mut $crate::statement::compose::Draft,
        ) -> Result<(), $crate::statement::StatementError> {
            body.check()?;
            $(draft.disclose_held(stringify!($section), &body.$section)?;)+
            Ok(())
        }

        pub(super) fn read(
            disclosed: &mut $crate::statement::opening::Disclosed<'_>,
        ) -> Result<Option<Box<$body>>, $crate::statement::StatementError> {
            disclosed.hold_to(SECTIONS)?;
            $(let $section = disclosed.take(stringify!($section), false)?.into_option();)+
            let ($(Some($section),)+) = ($($section,)+) else { return Ok(None) };
            let body = $body { $($section),+ };
            body.check()?;
            Ok(Some(Box::new(body)))
        }
    };
}
pub(super) use disclosed_whole;
