//! Owns the shapes of a portal's metadata as HubSpot's APIs print them (platform 6.2). Holds no account facts and no rule.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::document::Document;
use crate::time::Instant;

/// A custom object's schema without its properties, which live in [`ObjectMetadata`].
#[derive(Clone, Debug)]
pub struct CustomObject {
    /// The numeric part of the type id.
    pub id: u64,
    /// `2-n`.
    pub object_type_id: String,
    /// Short name.
    pub name: String,
    /// `p{portalId}_{name}`.
    pub fully_qualified_name: String,
    /// For people.
    pub description: String,
    /// Singular and plural.
    pub labels: (String, String),
    /// The record's title.
    pub primary_display_property: String,
    /// Shown under the title.
    pub secondary_display_properties: Vec<String>,
    /// Searched by default.
    pub searchable_properties: Vec<String>,
    /// Needed on create.
    pub required_properties: Vec<String>,
    /// Whether properties of it may hold sensitive data.
    pub allows_sensitive_properties: bool,
    /// Archived schemas answer only `archived=true`.
    pub archived: bool,
    /// When made.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
}

/// What every object type has.
#[derive(Clone, Debug, Default)]
pub struct ObjectMetadata {
    /// Properties, archived ones included.
    pub properties: Vec<Property>,
    /// Property groups.
    pub groups: Vec<PropertyGroup>,
    /// Pipelines with stages.
    pub pipelines: Vec<Pipeline>,
    /// Rows of the property-validations endpoint.
    pub validations: Vec<Document>,
    /// Records of this type, for the limit endpoint only.
    pub record_count: u64,
}

/// `Property` of the properties API (platform 6.2).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "HubSpot's own shape")]
pub struct Property {
    /// Internal name.
    pub name: String,
    /// Label for people.
    pub label: String,
    /// `string`, `number`, `date`, `datetime`, `enumeration`, `bool`, `phone_number`, `json`, …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `text`, `select`, `calculation_equation`, …
    pub field_type: &'static str,
    /// The group's name.
    pub group_name: String,
    /// May be empty.
    pub description: String,
    /// Options of an enumeration.
    pub options: Vec<PropertyOption>,
    /// -1 when unordered.
    pub display_order: i32,
    /// Whether HubSpot computes it.
    pub calculated: bool,
    /// The formula of a custom calculated property.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calculation_formula: Option<String>,
    /// Options kept elsewhere (owners).
    pub external_options: bool,
    /// `OWNER` for owner properties.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referenced_object_type: Option<&'static str>,
    /// Unique across records.
    pub has_unique_value: bool,
    /// Hidden in HubSpot's own pages.
    pub hidden: bool,
    /// Present when HubSpot made it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hubspot_defined: bool,
    /// Usable in forms.
    pub form_field: bool,
    /// `non_sensitive`, `sensitive`, `highly_sensitive`.
    pub data_sensitivity: &'static str,
    /// `formatted`, `unformatted`, `currency`, `percentage`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_display_hint: Option<&'static str>,
    /// Whether a number prints with the currency's sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_currency_symbol: Option<bool>,
    /// The property that holds the currency of a money property; its records' own currency when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_property_name: Option<String>,
    /// `unformatted_single_line`, `multi_line`, `email`, `phone_number`, `domain_name`, `ip_address`, `physical_address`, `postal_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_display_hint: Option<&'static str>,
    /// `absolute`, `absolute_with_relative`, `time_since`, `time_until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_display_hint: Option<&'static str>,
    /// `HIPAA` and the like, for sensitive ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sensitive_data_categories: Vec<String>,
    /// Who may change what.
    pub modification_metadata: ModificationMetadata,
    /// When made.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Who made it, for custom ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_user_id: Option<String>,
    /// Who changed it, for custom ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_user_id: Option<String>,
    /// Archived ones answer only `archived=true`.
    pub archived: bool,
    /// When archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Instant>,
}

/// What may be changed about a property.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModificationMetadata {
    /// May be archived.
    pub archivable: bool,
    /// Definition is fixed.
    pub read_only_definition: bool,
    /// Values are fixed.
    pub read_only_value: bool,
    /// Options are fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_options: Option<bool>,
}

/// An option of an enumeration.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyOption {
    /// For people.
    pub label: String,
    /// Internal value.
    pub value: String,
    /// Position.
    pub display_order: i32,
    /// Hidden.
    pub hidden: bool,
    /// For people; most options have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A property group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyGroup {
    /// Internal name.
    pub name: String,
    /// For people.
    pub label: String,
    /// Position.
    pub display_order: i32,
    /// Archived.
    pub archived: bool,
}

/// A pipeline with its stages.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// `default`, a number or a UUID.
    pub id: String,
    /// For people.
    pub label: String,
    /// Position.
    pub display_order: i32,
    /// Stages.
    pub stages: Vec<Stage>,
    /// When made.
    pub created_at: Instant,
    /// When changed.
    pub updated_at: Instant,
    /// Archived.
    pub archived: bool,
}

/// A stage; all metadata values are strings, as HubSpot's are.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Internal id.
    pub id: String,
    /// For people.
    pub label: String,
    /// Position.
    pub display_order: i32,
    /// `isClosed`, `probability`, `ticketState`, `state`.
    pub metadata: BTreeMap<&'static str, String>,
    /// `CRM_PERMISSIONS_ENFORCEMENT`, `READ_ONLY`, `INTERNAL_ONLY`.
    pub write_permissions: &'static str,
    /// When made.
    pub created_at: Instant,
    /// When changed.
    pub updated_at: Instant,
    /// Archived.
    pub archived: bool,
}

/// One association type of an ordered pair.
#[derive(Clone, Debug)]
pub struct AssociationType {
    /// Object type id it starts from.
    pub from: String,
    /// Object type id it points to.
    pub to: String,
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`, `INTEGRATOR_DEFINED`, `WORK`.
    pub category: &'static str,
    /// Unique per category.
    pub type_id: u64,
    /// The type of the other direction; its own id when it has none.
    pub inverse: u64,
    /// `None` when unlabelled.
    pub label: Option<String>,
    /// Internal name of a custom object's association (`vehicle_to_deal`).
    pub name: Option<String>,
}

/// An owner.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Numeric, as a string.
    pub id: String,
    /// `PERSON` or `QUEUE`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Address; absent when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Given name; absent when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    /// Family name; absent when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_name: String,
    /// Absent when deactivated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// Kept when deactivated.
    pub user_id_including_inactive: u64,
    /// When made.
    pub created_at: Instant,
    /// When changed.
    pub updated_at: Instant,
    /// Deactivated.
    pub archived: bool,
    /// `{id, name, primary}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<Document>,
}

/// A user of the settings API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Numeric, as a string.
    pub id: String,
    /// Address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// All roles.
    pub role_ids: Vec<String>,
    /// The main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    /// Main team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_team_id: Option<String>,
    /// Other teams.
    pub secondary_team_ids: Vec<String>,
    /// Has every right.
    pub super_admin: bool,
}

/// A custom permission set.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Numeric, as a string.
    pub id: String,
    /// For people.
    pub name: String,
    /// Whether only billing admins may give it.
    pub requires_billing_write: bool,
}

/// A team.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// Numeric, as a string.
    pub id: String,
    /// For people.
    pub name: String,
    /// Main members.
    pub user_ids: Vec<String>,
    /// Other members.
    pub secondary_user_ids: Vec<String>,
}

/// A list without its filters, which are answered apart.
#[derive(Clone, Debug)]
pub struct List {
    /// Numeric, as a string.
    pub id: String,
    /// Counts changes.
    pub version: u32,
    /// For people.
    pub name: String,
    /// `0-1`, …
    pub object_type_id: String,
    /// `MANUAL`, `DYNAMIC`, `SNAPSHOT`.
    pub processing_type: &'static str,
    /// Members.
    pub size: u64,
    /// Folder.
    pub folder_id: u64,
    /// When made.
    pub created_at: Instant,
    /// When changed.
    pub updated_at: Instant,
    /// Filters of a dynamic list.
    pub filter_branch: Option<Document>,
}
