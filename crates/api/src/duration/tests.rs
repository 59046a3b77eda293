use proptest::prelude::*;

use super::*;

#[test]
fn reads_and_prints_as_go_does() {
    // (text, nanoseconds, text as Go prints it)
    let table = [
        ("0", 0, "0s"),
        ("0s", 0, "0s"),
        ("-0", 0, "0s"),
        ("2160h", 2_160 * 3_600 * SECOND, "2160h0m0s"),
        ("2160h0m0s", 2_160 * 3_600 * SECOND, "2160h0m0s"),
        ("90s", 90 * SECOND, "1m30s"),
        ("1h1m", 3_660 * SECOND, "1h1m0s"),
        ("1h15m30.918s", 4_530_918_000_000, "1h15m30.918s"),
        ("1.5h", 5_400 * SECOND, "1h30m0s"),
        (".5m", 30 * SECOND, "30s"),
        ("1.s", SECOND, "1s"),
        ("-1m30s", -90 * SECOND, "-1m30s"),
        ("+5m", 300 * SECOND, "5m0s"),
        ("1ms", 1_000_000, "1ms"),
        ("1500us", 1_500_000, "1.5ms"),
        ("1\u{b5}s", 1_000, "1\u{b5}s"),
        ("1\u{3bc}s", 1_000, "1\u{b5}s"),
        ("1100ns", 1_100, "1.1\u{b5}s"),
        ("7ns", 7, "7ns"),
        ("1h1h", 7_200 * SECOND, "2h0m0s"),
        ("0.3333333333333333333h", 1_199_999_999_999, "19m59.999999999s"),
        ("9223372036854775807ns", i64::MAX, "2562047h47m16.854775807s"),
        ("-9223372036854775808ns", i64::MIN, "-2562047h47m16.854775808s"),
    ];
    for (text, nanos, printed) in table {
        let duration: GoDuration = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(
            (duration.as_nanos(), duration.to_string().as_str()),
            (nanos, printed),
            "{text}"
        );
    }
}

#[test]
fn refuses_what_go_refuses() {
    for text in [
        "",
        "3",
        "-",
        "s",
        ".",
        ".s",
        "1d",
        "1h 1m",
        " 1h",
        "1h ",
        "1..5s",
        "9223372036854775808ns",
        "3000000h",
        "h1",
        "1.h2",
    ] {
        assert!(text.parse::<GoDuration>().is_err(), "{text:?}");
    }
}

#[test]
fn travels_as_a_string_and_saturates() {
    let json = serde_json::to_string(&GoDuration::from_hours(1)).unwrap();
    assert_eq!(json, r#""1h0m0s""#);
    assert_eq!(
        serde_json::from_str::<GoDuration>("\"61m\"").unwrap(),
        GoDuration::from_mins(61)
    );
    assert_eq!(GoDuration::from_hours(i64::MAX).as_nanos(), i64::MAX);
    assert_eq!(GoDuration::from(Duration::MAX).as_nanos(), i64::MAX);
    assert_eq!(GoDuration::from_secs(-5).to_std(), Duration::ZERO);
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(nanos in any::<i64>()) {
        let duration = GoDuration::from_nanos(nanos);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }
}
