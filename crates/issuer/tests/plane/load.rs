//! Many at once: the cost of each stays what it is for one.

use evercert_api::certmanager::v1::Certificate;
use evercert_core::testing::builders::certificate;
use evercert_core::testing::wait::until;
use futures::future::join_all;

use crate::issuing::with_ca;
use crate::support::{LIMIT, World, is};

const MANY: usize = 100;

#[tokio::test]
async fn a_hundred_at_once_take_four_writes_each_and_then_none() {
    let world = World::new("load").await;
    with_ca(&world).await;
    let before = world.plan.writes();
    let began = std::time::Instant::now();
    join_all((0..MANY).map(|n| world.create(certificate(&world.ns, &format!("web-{n}"), "ca", &format!("w{n}.test")))))
        .await;
    let all_ready = async || {
        let list = world.api::<Certificate>().list(&Default::default()).await?;
        let ready = list
            .items
            .iter()
            .filter(|certificate| is(certificate, "Ready", true))
            .count();
        Ok((ready == MANY + 1).then_some(()))
    };
    until("all Ready", LIMIT, all_ready).await.unwrap();
    println!("{MANY} after {:?}", began.elapsed());
    assert_eq!(world.quiet().await - before, 4 * MANY);
}
