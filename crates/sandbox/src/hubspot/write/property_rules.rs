//! Owns what a property's definition must satisfy: names, type pairs, options, hints, formulas (platform 6.2).
//! Makes and changes definitions in memory; stores nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Target;
use super::body::Body;
use crate::error::ApiError;
use crate::model::{ModificationMetadata, ObjectMetadata, Property, PropertyOption};
use crate::time::Instant;

/// Types that can be made, each with the field types it goes with.
const PAIRS: &[(&str, &[&str])] = &[
    ("bool", &["booleancheckbox", "calculation_equation"]),
    ("date", &["date"]),
    ("datetime", &["date"]),
    (
        "enumeration",
        &[
            "booleancheckbox",
            "checkbox",
            "radio",
            "select",
            "calculation_equation",
        ],
    ),
    ("number", &["number", "calculation_equation"]),
    ("phone_number", &["phonenumber"]),
    (
        "string",
        &[
            "file",
            "text",
            "textarea",
            "calculation_equation",
            "html",
            "phonenumber",
        ],
    ),
];
const TYPES: [&str; 7] = [
    "bool",
    "date",
    "datetime",
    "enumeration",
    "number",
    "phone_number",
    "string",
];
const FIELD_TYPES: [&str; 12] = [
    "booleancheckbox",
    "calculation_equation",
    "checkbox",
    "date",
    "file",
    "html",
    "number",
    "phonenumber",
    "radio",
    "select",
    "text",
    "textarea",
];
const SENSITIVITIES: [&str; 3] = ["non_sensitive", "sensitive", "highly_sensitive"];
const NUMBER_HINTS: [&str; 6] = [
    "currency",
    "duration",
    "formatted",
    "percentage",
    "probability",
    "unformatted",
];
const TEXT_HINTS: [&str; 8] = [
    "domain_name",
    "email",
    "ip_address",
    "multi_line",
    "phone_number",
    "physical_address",
    "postal_code",
    "unformatted_single_line",
];
/// Types whose values a property can list instead of options of its own.
const REFERENCES: [&str; 1] = ["OWNER"];
/// Longest internal name.
const NAME_MAX: usize = 100;
/// Words of formulas that name no property.
const KEYWORDS: [&str; 13] = [
    "if", "then", "elseif", "else", "endif", "and", "or", "not", "equals", "true", "false", "null",
    "now",
];

/// An internal name of a property or group: lower-case letters, digits and underscores, a letter first.
pub(super) fn name(text: &str) -> Result<String, ApiError> {
    let fits = text.len() <= NAME_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(ApiError::validation(format!(
            "Invalid name '{text}': a name starts with a letter, holds only lowercase letters, numbers and \
             underscores, and has at most {NAME_MAX} characters"
        )))
    }
}

fn refused(message: impl Into<String>, sub_category: &'static str) -> ApiError {
    ApiError::validation(message).sub_category(sub_category)
}

/// A new definition from a `PropertyCreate` or `ObjectTypePropertyCreate`. `group` stands in for a group left out.
pub(super) fn draft(
    target: &Target,
    input: &Value,
    group: Option<&str>,
    object: &ObjectMetadata,
) -> Result<Property, ApiError> {
    let body = Body::of(input)?;
    body.require(&["name", "label", "type", "fieldType"])?;
    if group.is_none() {
        body.require(&["groupName"])?;
    }
    let kind = body.word("type", &TYPES)?.unwrap_or("string");
    let field_type = body.word("fieldType", &FIELD_TYPES)?.unwrap_or("text");
    let at = Instant(target.now);
    let user = Some(target.user.to_string());
    let mut property = Property {
        name: name(body.filled("name")?)?,
        label: body.filled("label")?.to_owned(),
        kind,
        field_type,
        group_name: group.unwrap_or_default().to_owned(),
        description: String::new(),
        options: Vec::new(),
        display_order: -1,
        calculated: false,
        calculation_formula: None,
        external_options: body.flag("externalOptions")?.unwrap_or(false),
        referenced_object_type: body.word("referencedObjectType", &REFERENCES)?,
        has_unique_value: body.flag("hasUniqueValue")?.unwrap_or(false),
        hidden: false,
        hubspot_defined: false,
        form_field: false,
        data_sensitivity: body
            .word("dataSensitivity", &SENSITIVITIES)?
            .unwrap_or("non_sensitive"),
        number_display_hint: (kind == "number").then_some("formatted"),
        text_display_hint: None,
        date_display_hint: None,
        sensitive_data_categories: Vec::new(),
        show_currency_symbol: (kind == "number").then_some(false),
        currency_property_name: None,
        modification_metadata: ModificationMetadata {
            archivable: true,
            read_only_definition: false,
            read_only_value: false,
            read_only_options: (kind == "enumeration").then_some(false),
        },
        created_at: at,
        updated_at: at,
        created_user_id: user.clone(),
        updated_user_id: user,
        archived: false,
        archived_at: None,
    };
    apply(&mut property, body, object)?;
    let needs_options = property.kind == "enumeration"
        && !property.external_options
        && property.calculation_formula.is_none();
    if needs_options && property.options.is_empty() {
        return Err(ApiError::validation(format!(
            "Options are required for the enumeration property '{}'",
            property.name
        )));
    }
    if property.external_options
        && (property.referenced_object_type.is_none() || !property.options.is_empty())
    {
        return Err(ApiError::validation(
            "externalOptions needs a referencedObjectType and no options",
        ));
    }
    Ok(property)
}

/// Overwrites what the body gives (`PropertyUpdate`); what it leaves out stays. Checks the whole afterwards.
pub(super) fn apply(
    property: &mut Property,
    body: Body<'_>,
    object: &ObjectMetadata,
) -> Result<(), ApiError> {
    if body.get("label").is_some() {
        body.filled("label")?.clone_into(&mut property.label);
    }
    if let Some(description) = body.text("description")? {
        description.clone_into(&mut property.description);
    }
    if let Some(group) = body.text("groupName")? {
        group.clone_into(&mut property.group_name);
    }
    if let Some(order) = body.integer("displayOrder")? {
        property.display_order = order;
    }
    if let Some(hidden) = body.flag("hidden")? {
        property.hidden = hidden;
    }
    if let Some(form_field) = body.flag("formField")? {
        property.form_field = form_field;
    }
    if let Some(kind) = body.word("type", &TYPES)? {
        property.kind = kind;
    }
    if let Some(field_type) = body.word("fieldType", &FIELD_TYPES)? {
        property.field_type = field_type;
    }
    if let Some(rows) = body.list("options")? {
        property.options = options(rows)?;
    }
    if let Some(hint) = body.word("numberDisplayHint", &NUMBER_HINTS)? {
        property.number_display_hint = Some(hint);
    }
    if let Some(hint) = body.word("textDisplayHint", &TEXT_HINTS)? {
        property.text_display_hint = Some(hint);
    }
    if let Some(formula) = body.text("calculationFormula")? {
        property.calculation_formula = Some(formula.to_owned());
        // A formula makes it a calculation, whatever `fieldType` says.
        property.field_type = "calculation_equation";
        property.calculated = true;
        property.modification_metadata.read_only_value = true;
    }
    currency(property, body)?;
    check(property, object)
}

fn currency(property: &mut Property, body: Body<'_>) -> Result<(), ApiError> {
    if let Some(show) = body.flag("showCurrencySymbol")? {
        if !show && property.currency_property_name.is_some() {
            return Err(ApiError::validation(
                "showCurrencySymbol cannot be turned off once a currency property was set",
            ));
        }
        property.show_currency_symbol = Some(show);
    }
    if let Some(name) = body.text("currencyPropertyName")? {
        if property.show_currency_symbol != Some(true) {
            return Err(refused(
                "Only currency properties can specify a currency property",
                "PropertyValidationError.ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY",
            ));
        }
        property.currency_property_name = Some(name.to_owned());
    }
    Ok(())
}

fn options(rows: &[Value]) -> Result<Vec<PropertyOption>, ApiError> {
    let mut seen = BTreeSet::new();
    let read = |(index, row): (i32, &Value)| {
        let body = Body::of(row)?;
        body.require(&["label", "value"])?;
        let option = PropertyOption {
            label: body.filled("label")?.to_owned(),
            value: body.text("value")?.unwrap_or_default().to_owned(),
            display_order: body.integer("displayOrder")?.unwrap_or(index),
            hidden: body.flag("hidden")?.unwrap_or(false),
            description: body.text("description")?.map(str::to_owned),
        };
        if !seen.insert(option.value.clone()) {
            return Err(ApiError::validation(format!(
                "Property options must have unique values; '{}' is given twice",
                option.value
            )));
        }
        Ok(option)
    };
    (0..).zip(rows).map(read).collect()
}

fn check(property: &Property, object: &ObjectMetadata) -> Result<(), ApiError> {
    let fields = PAIRS
        .iter()
        .find(|(kind, _)| *kind == property.kind)
        .map_or(&[][..], |(_, fields)| fields);
    // HubSpot's own properties pair types that cannot be made.
    if !property.hubspot_defined && !fields.contains(&property.field_type) {
        return Err(ApiError::validation(format!(
            "The fieldType '{}' is not valid for a property of type '{}'. Valid values are: [{}]",
            property.field_type,
            property.kind,
            fields.join(", ")
        )));
    }
    let group_exists = object
        .groups
        .iter()
        .any(|group| group.name == property.group_name && !group.archived);
    if !group_exists {
        return Err(ApiError::validation(format!(
            "Property group {} does not exist",
            property.group_name
        )));
    }
    if property.kind == "bool" && property.calculation_formula.is_none() {
        let mut values: Vec<&str> = property.options.iter().map(|o| o.value.as_str()).collect();
        values.sort_unstable();
        if values != ["false", "true"] {
            return Err(refused(
                "A boolean property needs exactly the options 'true' and 'false'",
                "PropertyValidationError.INVALID_BOOLEAN_OPTION",
            ));
        }
    } else if !property.options.is_empty()
        && !matches!(property.kind, "enumeration" | "bool")
        && !property.hubspot_defined
    {
        return Err(ApiError::validation(format!(
            "A property of type '{}' cannot have options",
            property.kind
        )));
    }
    match &property.calculation_formula {
        None if property.field_type == "calculation_equation" && !property.hubspot_defined => {
            Err(ApiError::validation(
                "calculationFormula is required for the fieldType 'calculation_equation'",
            ))
        }
        None => Ok(()),
        Some(formula) => known_names(formula, property, object),
    }
}

fn known_names(
    formula: &str,
    property: &Property,
    object: &ObjectMetadata,
) -> Result<(), ApiError> {
    for used in names_in(formula) {
        let known = object
            .properties
            .iter()
            .any(|p| p.name == used && !p.archived);
        if !known || used == property.name {
            return Err(ApiError::not_found(format!(
                "Property {used} of the calculation formula does not exist"
            )));
        }
    }
    Ok(())
}

/// The property names in a formula: words outside quotes that are neither keywords nor called as functions.
pub(super) fn names_in(formula: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = formula;
    while let Some(c) = rest.chars().next() {
        if c == '\'' || c == '"' {
            let inside = &rest[1..];
            rest = inside.find(c).map_or("", |end| &inside[end + 1..]);
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let called = after.trim_start().starts_with('(');
            if !called && !KEYWORDS.contains(&word.to_ascii_lowercase().as_str()) {
                names.push(word);
            }
            rest = after;
        } else if c.is_ascii_digit() {
            // `1e3` is a number, and `10a` a product.
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
            rest = end.map_or("", |end| &rest[end..]);
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{FIELD_TYPES, PAIRS, TYPES, name, names_in};

    #[test]
    fn every_creatable_type_has_field_types_and_every_field_type_a_type() {
        assert_eq!(PAIRS.iter().map(|(t, _)| *t).collect::<Vec<_>>(), TYPES);
        for field in FIELD_TYPES {
            assert!(
                PAIRS.iter().any(|(_, fields)| fields.contains(&field)),
                "{field}"
            );
        }
    }

    #[test]
    fn a_formula_names_the_properties_it_uses() {
        let cases: [(&str, &[&str]); 6] = [
            ("amount * 2", &["amount"]),
            (
                "time_between(createdate, closedate)",
                &["createdate", "closedate"],
            ),
            (
                "if is_known(amount) then amount else 0 endif",
                &["amount", "amount"],
            ),
            ("concatenate('amount', \"b c\", dealname)", &["dealname"]),
            ("10 + 2.5", &[]),
            ("'never closed amount", &[]),
        ];
        for (formula, want) in cases {
            assert_eq!(names_in(formula), want, "{formula}");
        }
    }

    #[test]
    fn names_are_lower_case_words() {
        for good in ["a", "a_1", &"a".repeat(100)] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "1a", "_a", "a b", "a-b", "é", &"a".repeat(101)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
