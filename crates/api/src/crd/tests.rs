use super::*;

#[test]
fn yaml_reads_back_as_what_was_written() {
    for crd in all() {
        let text = yaml::to_string(&crd);
        let back: Value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(back, crd);
    }
}
