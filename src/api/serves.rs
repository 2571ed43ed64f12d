//! The services of a door, from its own methods.

use std::pin::Pin;
use tonic::{Response, Status};

/// What a handler gives back.
pub(super) type Handled<'a, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'a>>;

/// Serves a generated service by the methods of a door that have the names of its calls.
///
/// The generated trait is written with `async_trait`, under which each future is proven to be `Send` within the
/// lifetimes of its method, where the compiler forgets what it has proven: every handler had it walk through all that a
/// node is made of, which was two thirds of the time it took to check this crate. In a function without lifetimes of its
/// own that is proven once.
macro_rules! serves {
    ($service:ident for $door:ident $(where $($stream:ident = $answers:ty),+)? {
        $($call:ident($asked:ty) -> $told:ty;)*
    }) => {
        impl $service for $door {
            $($(type $stream = $answers;)+)?
            $(
                fn $call<'life0, 'async_trait>(
                    &'life0 self,
                    request: tonic::Request<$asked>,
                ) -> $crate::api::serves::Handled<'async_trait, $told>
                where
                    'life0: 'async_trait,
                    Self: 'async_trait,
                {
                    fn handled(
                        door: $door,
                        request: tonic::Request<$asked>,
                    ) -> $crate::api::serves::Handled<'static, $told> {
                        Box::pin(async move { door.$call(request).await })
                    }
                    handled(self.clone(), request)
                }
            )*
        }
    };
}
pub(super) use serves;
