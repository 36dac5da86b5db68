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

    /// Goes to a view by its address.
    pub async fn go(&self, hash: &str) {
        self.js("location.hash = arguments[0]", &[hash.into()])
            .await;
    }
}
