//! The federation goes on: an authority changes its key, and a country joins.

use super::{
    super::{
        federation::{self, Federation},
        ground::{self, COUNTRIES, ZAMBIA},
        nodes::Running,
    },
    Desk, SCENES, SOAP, Stage, Stranger, Telling,
    calls::{issue, open_account},
    whom,
};
use crate::{
    cli::{
        calls::{cosigners, download},
        console::Failure,
        process::failed,
    },
    node::system::SystemClock,
    time::Clock as _,
    verification::Headline,
};
use std::path::Path;

impl Stage {
    fn place(&self, short: &str) -> Result<usize, Failure> {
        let place = self.nodes.iter().position(|node| node.site.country.short == short);
        place.ok_or_else(|| failed("a country without a node"))
    }

    fn federation<'a>(&self, strangers: &'a Path) -> Result<Federation<'a>, Failure> {
        Ok(Federation { second: self.node("china")?.site.first()?.join("offline"), strangers })
    }

    /// An authority changes its statement key: listed, known to the partners, said to everyone, used.
    pub(super) async fn rotate(&mut self, telling: &mut Telling, folder: &Path, before: &str) -> Result<(), Failure> {
        let (cast, trust) = (self.desk("tdap")?.cast, folder.join("trust"));
        let home = self.node("pakistan")?;
        federation::rotate(home, cast, &self.federation(&trust)?)?;
        telling.tell(
            "rotate",
            format!(
                "{} changes the key it signs certificates with: its root key vouches for the new one, {}, and two signers \
                 of the federation sign a trust list that names it, list 2",
                cast.short,
                federation::NEW_KEY
            ),
        );
        home.listed(2).await?;
        telling.tell(
            "distribute",
            "  Pakistan's node takes list 2, and its partners take it from there: each of them knows the new key now",
        );
        let year = cast.zone()?.date_at(SystemClock.now()).year();
        let log = format!("{}/log/{year}/all", cast.host());
        for short in ["china", "kenya"] {
            self.node(short)?.holds(&log, 1).await?;
        }
        telling.tell(
            "announce",
            format!(
                "  {} tells everyone of the change, signed, in its log to all: both partners hold {log}",
                cast.short
            ),
        );
        let at = self.place("pakistan")?;
        let home = self.nodes.get_mut(at).ok_or_else(|| failed("a country without a node"))?;
        home.kill();
        home.again().await?;
        telling.tell("restart", "  Pakistan's node is started again, and signs with the new key from now on");
        let token = open_account(home, cast).await?;
        let desk = Desk { cast, connection: home.dial(Some(&token)).await? };
        let scene = SCENES.first().ok_or_else(|| failed("nothing to issue"))?;
        let issued = issue(&desk, scene.text).await?;
        let bundle = download(&desk.connection, &issued.number).await?;
        telling.tell("issue", format!("  {} issued {}, signed with the new key", cast.short, issued.number));
        self.stranger = Stranger::new(folder)?;
        self.stranger.judge(&bundle, self.day, Headline::Valid)?;
        self.stranger.judge(before, self.day, Headline::Valid)?;
        telling.tell(
            "verify_offline",
            "  by list 2 a stranger verifies it with no network, and what the old key signed before as well: VALID",
        );
        Ok(())
    }

    /// A country that had no node when a certificate was addressed to it comes up with one, and gets what was held.
    pub(super) async fn join(
        &mut self,
        telling: &mut Telling,
        folder: &Path,
        kept: &(String, String),
    ) -> Result<(), Failure> {
        let (number, before) = kept;
        let (sender, scene) = (self.desk("kra")?.cast, SCENES.get(SOAP).ok_or_else(|| failed("nothing was issued"))?);
        let year = sender.zone()?.date_at(SystemClock.now()).year();
        let log = format!("{}/log/{year}/zm", sender.host());
        let zra = ZAMBIA.cast.first().ok_or_else(|| failed("a country without anybody"))?;
        let site = ground::join(folder)?;
        telling
            .tell("join", format!("Zambia makes a node for {}, and gives the federation its entry", whom(ZAMBIA.cast)));
        let trust = folder.join("trust");
        federation::admit(self.node("kenya")?, &site, &self.federation(&trust)?)?;
        self.node("kenya")?.listed_by_the_connected(3).await?;
        telling.tell("admit", format!("  trust list 3 names the node, and {} for what is addressed to ZM", zra.short));
        let zambia = Running::start(site).await?;
        zambia.connected(COUNTRIES.len()).await?;
        telling.tell("serve", format!("  Zambia serves at {}, connected to all three", zambia.site.ports.client));
        // The first entry of a log is a status snapshot.
        zambia.holds(&log, 2).await?;
        telling.tell("held", format!("  it holds {log}, begun before it was there, with the contents of {number}"));
        let receipts = format!("{}/log/{year}/{}", zra.host(), sender.host());
        self.node("kenya")?.holds(&receipts, 2).await?;
        telling.tell("receipted", format!("  it receipted what was held for it: {receipts}"));
        self.stranger = Stranger::new(folder)?;
        let desk = self.desk("kra")?;
        let now = download(&desk.connection, number).await?;
        self.stranger.judge(before, self.day, Headline::Valid)?;
        self.stranger.judge(&now, self.day, Headline::Valid)?;
        telling.tell(
            "verify_offline",
            format!("  {number} verified from the bundle released on two witnesses, and from today's: VALID"),
        );
        let issued = issue(desk, scene.text).await?;
        let bundle = download(&desk.connection, &issued.number).await?;
        zambia.holds(&issued.log, issued.index + 1).await?;
        self.stranger.judge(&bundle, self.day, Headline::Valid)?;
        let cosigners = cosigners(&bundle)?.join(", ");
        telling.tell(
            "issue",
            format!(
                "  {} issued {}, to Zambia's customs by name, cosigned by {cosigners}",
                sender.short, issued.number
            ),
        );
        self.nodes.push(zambia);
        Ok(())
    }
}
