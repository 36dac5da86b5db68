// Holds a deserialised answer against the client's declared model: mandatory fields, types, dates,
// members of enumerations, all the way down. Owns no knowledge of any endpoint.

const NULLABLE = ' | null';
const OPTIONAL = ' | undefined';
const MAP = /^\{ \[key: string\]: (.+); \}$/;
const PROPERTY = /\.properties\.\w+$/;
const PRIMITIVES = { string: 'string', boolean: 'boolean', number: 'number' };

/**
 * What is wrong with `value` as `type`, as sentences; an empty list where it fits.
 *
 * `models` is what `sdk.mjs` read of the room that the type belongs to.
 */
export function faults(value, type, models, at = 'answer') {
  if (type.endsWith(NULLABLE)) return value === null ? [] : faults(value, type.slice(0, -NULLABLE.length), models, at);
  if (type.endsWith(OPTIONAL)) return value === undefined ? [] : faults(value, type.slice(0, -OPTIONAL.length), models, at);
  // HubSpot answers null for an empty property (platform 7), also where the client declares a string.
  if (value === null && type === 'string' && PROPERTY.test(at)) return [];
  if (type === 'void') return value === undefined || value === null || value === '' ? [] : [`${at}: something instead of nothing`];
  if (value === undefined || value === null) return [`${at}: ${value} instead of ${type}`];
  if (type === 'any') return [];
  if (type === 'object') return typeof value === 'object' ? [] : [`${at}: ${show(value)} is no object`];
  if (type in PRIMITIVES) return typeof value === PRIMITIVES[type] ? [] : [`${at}: ${show(value)} is no ${type}`];
  if (type === 'Date') {
    return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : [`${at}: ${show(value)} is no valid date`];
  }
  if (type === 'HttpFile') return typeof value === 'object' ? [] : [`${at}: ${show(value)} is no file`];
  if (type.startsWith('Array<') && type.endsWith('>')) {
    if (!Array.isArray(value)) return [`${at}: ${show(value)} is no list`];
    return value.flatMap((member, index) => faults(member, type.slice(6, -1), models, `${at}[${index}]`));
  }
  const map = MAP.exec(type);
  if (map) {
    if (typeof value !== 'object' || Array.isArray(value)) return [`${at}: ${show(value)} is no map`];
    return Object.entries(value).flatMap(([key, member]) => faults(member, map[1], models, `${at}.${key}`));
  }
  // A choice by discriminator is declared under another name.
  const declared = models.get(type) ?? models.get(`${type}Class`);
  if (!declared) {
    if (type.includes(' | ')) return union(value, type.split(' | '), models, at);
    return [`${at}: the client's type ${type} is unknown to this reader`];
  }
  if (declared.values) {
    return declared.values.includes(value) ? [] : [`${at}: ${show(value)} is not among ${declared.values.join(', ')}`];
  }
  return ofModel(value, type, declared, models, at);
}

function ofModel(value, type, declared, models, at) {
  if (typeof value !== 'object' || Array.isArray(value)) return [`${at}: ${show(value)} is no ${type}`];
  // The client may have chosen a subtype by the discriminator.
  const actual = models.get(value.constructor.name) ?? declared;
  if (actual.values || !actual.model.getAttributeTypeMap) return [`${at}: ${show(value)} is no ${type}`];
  const choices = Object.values(declared.model.mapping ?? {});
  if (choices.length && actual !== declared && !choices.includes(value.constructor.name)) {
    return [`${at}: a ${value.constructor.name} is none of ${choices.join(', ')}`];
  }
  const found = [];
  for (const attribute of actual.model.getAttributeTypeMap()) {
    const member = value[attribute.name];
    const there = `${at}.${attribute.name}`;
    if (member === undefined || member === null) {
      const may = attribute.type.endsWith(NULLABLE) && member === null;
      if (actual.required.has(attribute.name) && !may) {
        found.push(`${there}: mandatory in ${value.constructor.name} and ${member === null ? 'null' : 'missing'}`);
      }
      continue;
    }
    found.push(...faults(member, attribute.type, models, there));
  }
  return found;
}

// The client leaves a union as it came; it fits when one of the members does.
function union(value, types, models, at) {
  const tries = types.map((type) => faults(value, type, models, at));
  return tries.some((found) => found.length === 0) ? [] : tries.reduce((a, b) => (b.length < a.length ? b : a));
}

function show(value) {
  const text = value instanceof Date ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
