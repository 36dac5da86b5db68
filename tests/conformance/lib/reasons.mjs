// Why a client's method is not held: what the sandbox does not serve, by `METHOD path`, first match counts.

const HUBSPOT = [
  [/ \/(webhooks|webhooks-journal)\//, "the developer's webhook journal, nothing of a portal's configuration"],
  [/ \/automation\/(v4\/)?actions\//, "functions and callbacks of an app's own workflow actions"],
  [/ \/automation\/sequences\/.*\/enrollments/, 'enrolling contacts, which is an action and no configuration'],
  [/ \/feature-flags\//, 'changing flags in many accounts at once or deleting them, which only a developer does'],
  [/ \/integrators\/timeline\//, 'events on the timelines of records; the templates are served'],
  [/ \/(crm\/(v3\/)?extensions|media-bridge|visitor-identification|conversations\/custom-channels)\//, "an app's own extension of HubSpot, configured by its developer"],
  [/ \/meta\//, "HubSpot's own network addresses"],
  [/ \/files\//, 'files: content, and no configuration'],
  [/ \/(events\/.*(send|event-occurrences)|events\/v3\/events)/, 'occurrences of events: data of visitors'],
  [/ \/events\//, 'writing event definitions; the reads are served'],
  [/ \/marketing\/(v3\/)?marketing-events\//, 'marketing events and who attended them: records of people'],
  [/ \/marketing\/(v3\/)?(transactional|email-campaigns)\//, 'sending single e-mails'],
  [/ \/communication-preferences\//, "a person's subscriptions; the subscription types are served"],
  [/ \/scheduler\//, 'booking meetings; the meeting links are served'],
  [/ \/deal-splits\//, 'splits of single deals'],
  [/ \/cms\/(v3\/)?audit-logs/, 'the log of content changes, an Enterprise report'],
  [/ \/cms\/(v3\/)?site-search/, 'searching published pages'],
  [/ \/cms\/(v3\/)?source-code\//, 'contents of theme files; their metadata is served'],
  [/ \/cms\/url-redirects\/\S+\/url-mappings| \/url-mappings\//, 'an older form of URL redirects'],
  [/ \/(cms|marketing)\/.*statistics/, 'figures of sent e-mails'],
  [/ \/(cms|marketing)\//, 'writing content; the reads are served'],
  [/ \/crm\/(v3\/)?exports?\//, 'starting an export, whose file the sandbox would have to make'],
  [/ \/crm\/(v3\/)?imports/, 'starting and cancelling an import'],
  [/ \/crm\/(v3\/)?lists\/.*(memberships|records)/, 'members of lists'],
  [/ \/crm\/(v3\/)?lists/, 'writing lists and their folders; the reads are served'],
  [/ \/crm\/limits\/\S+\/associations\/(records|labels\/)/, 'limits of associations between records'],
  [/ \/crm\/(v4\/objects\/\{|v4\/associations|v3\/associations|associations\/)/, 'associations between records one by one; labels and rules are served, and records are associated when made'],
  [/gdpr/, 'deleting a person for good'],
  [/ \/crm\/(v3\/objects|objects\/[^/]+)\//, 'records of a type that the sandbox keeps none of; deals, contacts, companies and tickets are kept'],
  [/ \/settings\/(v3\/)?users/, 'making and removing users of an account'],
  [/ \/settings\/currencies\//, 'setting exchange rates; the reads are served'],
];

const GITHUB = [[/./, "not needed for a repository connection and a backup's commit"]];

const used = new Set();

/** The reason for an unserved method; none where nobody has given one. */
export function reasonFor({ client, http, path }) {
  const list = client.startsWith('@octokit') ? GITHUB : HUBSPOT;
  const found = list.find(([pattern]) => pattern.test(`${http} ${path}`));
  if (found) used.add(found);
  return found?.[1];
}

/** Reasons that were asked for and fitted no method: what they speak of is served by now. */
export const idleReasons = () => HUBSPOT.filter((reason) => !used.has(reason)).map(([pattern]) => String(pattern));
