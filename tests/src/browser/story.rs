//! The steps of the main job, as a person makes them. Owns their order; what must hold in between is the tests'.

use super::page::Page;
use super::stage::Stage;

impl Page {
    /// Opens the launch link and waits for Client Accounts.
    pub async fn launch(&self, stage: &Stage) {
        self.open(&stage.proxy().launch_link().unwrap()).await;
        self.see("#add-portal").await;
    }

    /// From Client Accounts or Connections to HubSpot's window, which is turned to.
    pub async fn ask_hubspot(&self) {
        self.click("#add-portal, #connect-portal").await;
        self.click("#continue-to-hubspot").await;
        self.turn_to_other().await;
        self.see("main[data-step=account]").await;
    }

    /// On HubSpot's page: picks the portal, and waits for the permissions.
    pub async fn pick(&self, portal: u64) {
        self.click(&format!("label[for=portal-{portal}]")).await;
        self.click("#choose-account").await;
        self.see("main[data-step=consent]").await;
    }

    /// On HubSpot's page: Connect app. The window closes by itself; turns home.
    pub async fn consent(&self) {
        self.click("#connect-app").await;
        self.home_alone().await;
    }

    /// The whole flow, up to the dialog that says Connected.
    pub async fn connect(&self, portal: u64) {
        self.ask_hubspot().await;
        self.pick(portal).await;
        self.consent().await;
        self.read("dialog h3", "Connected").await;
    }

    /// The same, up to a row whose retrieval is over.
    pub async fn connect_and_retrieve(&self, portal: u64) {
        self.connect(portal).await;
        self.click("#flow-done").await;
        self.see_no("dialog").await;
        self.retrieved(portal).await;
    }

    /// Waits until a portal's row or card says that retrieval is over.
    pub async fn retrieved(&self, portal: u64) {
        self.read(
            &format!("[data-portal='{portal}'] .retrieval-line"),
            "Completed",
        )
        .await;
    }

    /// On GitHub's page: signs in as this account and authorizes. The window closes by itself; turns home.
    pub async fn authorize_github(&self, login: &str) {
        self.turn_to_other().await;
        self.see("main[data-provider=github][data-step=authorize]")
            .await;
        self.click(&format!("label[for=user-{login}]")).await;
        self.click("#authorize").await;
        self.home_alone().await;
    }

    /// From Connections through GitHub's window, up to a card with this account.
    pub async fn connect_github(&self, login: &str) {
        self.go("#/settings/connections").await;
        self.click("#connect-git").await;
        self.click("#continue-to-github").await;
        self.authorize_github(login).await;
        self.read("dialog h3", "Connected").await;
        self.click("#flow-done").await;
        self.see_no("dialog").await;
        self.read(
            &format!("[data-github='{login}'] a.status.good"),
            "Connected",
        )
        .await;
    }

    /// On the card of the one GitHub connection: links `owner/name`, of the account with this installation.
    pub async fn add_repo(&self, installation: u64, full_name: &str) {
        self.click("[data-add-repo]").await;
        self.choose_option("#repo-account", &installation.to_string())
            .await;
        let (_, name) = full_name.split_once('/').expect("owner/name");
        self.write("#repo-search", name).await;
        self.click(&format!("[data-repository='{full_name}']"))
            .await;
        self.see("#repo-branch").await;
        self.click("#add-repo").await;
        self.see_no("dialog").await;
        self.read(
            &format!("[data-repo='{full_name}'] .status.good"),
            "Connected",
        )
        .await;
    }

    /// Goes to a view by its address.
    pub async fn go(&self, hash: &str) {
        self.js("location.hash = arguments[0]", &[hash.into()])
            .await;
    }

    /// In the dialog that asks for it: types what proves that the removal is meant, and removes.
    pub async fn prove_and_remove(&self) {
        self.see("#confirm-text").await;
        let ask = self.text("dialog label.field").await;
        let named = ask
            .strip_prefix("Type ")
            .and_then(|ask| ask.rsplit_once(", the "));
        let Some((name, _)) = named else {
            self.fail(&format!("the dialog asks for nothing: {ask}"))
                .await;
        };
        self.write("#confirm-text", name).await;
        self.click("#confirm").await;
        self.see_no("dialog").await;
    }
}
