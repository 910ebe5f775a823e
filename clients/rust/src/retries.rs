use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

const MIN_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_secs(30);
/// The longest that the service can ask for: a mistake of a proxy must not end a watch.
const MAX_REQUESTED_DELAY: Duration = Duration::from_secs(3600);

/// Decides whether and when one watch is opened again after it has ended.
pub(crate) struct WatchRetries {
    ever_had_list: bool,
    next_delay: Duration,
}

impl Default for WatchRetries {
    fn default() -> Self {
        Self {
            ever_had_list: false,
            next_delay: MIN_DELAY,
        }
    }
}

impl WatchRetries {
    /// Returns how long to wait: twice as long after each failure, spread at random, and at least as long as the service asks
    /// for. `None` if the same call would be rejected again.
    ///
    /// `has_list` is whether the stream that has ended sent a list, and `life` how long it was open.
    pub(crate) fn find_delay(
        &mut self,
        end: &Status,
        has_list: bool,
        life: Duration,
    ) -> Option<Duration> {
        self.ever_had_list |= has_list;
        if !self.can_pass(end.code(), has_list) {
            return None;
        }
        // Something that ends each stream at once must not be called every second.
        if has_list && life > MAX_DELAY {
            self.next_delay = MIN_DELAY;
        }
        // Spread, so that the clients of a service do not come back together.
        let spread = self.next_delay.mul_f64(0.5 + fastrand::f64());
        self.next_delay = MAX_DELAY.min(self.next_delay * 2);
        Some(spread.max(find_requested_delay(end)))
    }

    fn can_pass(&self, code: Code, has_list: bool) -> bool {
        match code {
            // A token that was accepted has expired: the next stream asks for another one.
            Code::Unauthenticated => has_list,
            // gRPC makes this code of HTTP's 404, which a proxy sends while a service restarts.
            Code::Unimplemented => self.ever_had_list,
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange => false,
            _ => true,
        }
    }
}

/// Reads google.rpc.RetryInfo.
fn find_requested_delay(end: &Status) -> Duration {
    let info = end.get_details_retry_info();
    let delay = info.and_then(|info| info.retry_delay).unwrap_or_default();
    delay.min(MAX_REQUESTED_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::RangeInclusive;
    use tonic_types::ErrorDetails;

    const BRIEF: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_secs(60);

    fn unavailable() -> Status {
        Status::unavailable("down")
    }

    fn asking_for(delay: Duration) -> Status {
        let details = ErrorDetails::with_retry_info(Some(delay));
        Status::with_error_details(Code::ResourceExhausted, "too many requests", details)
    }

    /// What the delay may be after it was spread.
    fn about(seconds: u64) -> RangeInclusive<Duration> {
        let delay = Duration::from_secs(seconds);
        delay / 2..=delay * 3 / 2
    }

    #[test]
    fn doubles_the_delay_up_to_30_seconds() {
        let mut retries = WatchRetries::default();
        for seconds in [1, 2, 4, 8, 16, 30, 30, 30] {
            let delay = retries.find_delay(&unavailable(), false, BRIEF).unwrap();
            assert!(about(seconds).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn begins_anew_after_a_long_stream_with_a_list() {
        let mut retries = WatchRetries::default();
        for (seconds, has_list, life) in [
            (1, false, BRIEF),
            (2, true, BRIEF),
            (4, false, LONG),
            (1, true, LONG),
        ] {
            let delay = retries.find_delay(&unavailable(), has_list, life).unwrap();
            assert!(about(seconds).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn waits_as_long_as_the_service_asks_up_to_an_hour() {
        let mut retries = WatchRetries::default();
        for (asked, waited) in [(40, 40), (1_000_000, 3600)] {
            let end = asking_for(Duration::from_secs(asked));
            let delay = retries.find_delay(&end, false, BRIEF);
            assert_eq!(delay, Some(Duration::from_secs(waited)));
        }
    }

    #[test]
    fn waits_as_usual_if_the_service_asks_for_less() {
        let delay = WatchRetries::default().find_delay(&asking_for(Duration::ZERO), false, BRIEF);
        assert!(about(1).contains(&delay.unwrap()));
    }

    #[test]
    fn gives_up_when_the_same_call_would_be_rejected_again() {
        for code in [
            Code::AlreadyExists,
            Code::FailedPrecondition,
            Code::InvalidArgument,
            Code::NotFound,
            Code::OutOfRange,
            Code::PermissionDenied,
            Code::Unauthenticated,
            Code::Unimplemented,
        ] {
            let end = Status::new(code, "no");
            let delay = WatchRetries::default().find_delay(&end, false, BRIEF);
            assert_eq!(delay, None, "{code:?}");
        }
    }

    #[test]
    fn asks_for_another_token_once_after_a_list() {
        let mut retries = WatchRetries::default();
        let end = Status::unauthenticated("expired");
        assert!(retries.find_delay(&end, true, BRIEF).is_some());
        assert!(retries.find_delay(&end, false, BRIEF).is_none());
    }

    #[test]
    fn outlasts_a_lost_route_after_a_list() {
        let mut retries = WatchRetries::default();
        retries.find_delay(&unavailable(), true, BRIEF);
        let end = Status::unimplemented("404");
        assert!(retries.find_delay(&end, false, BRIEF).is_some());
    }
}
