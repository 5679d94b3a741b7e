import { PROJECTS } from "../../fireflies/sample/company.ts";
import type { SeedValue } from "../seed.ts";

/*
 * Thirty clients of the invented company. Those who come to its meetings have the e-mail address that they have there,
 * under a domain of the reserved top level .example; all others have one under example.com, .org or .net (RFC 2606).
 *
 * Phones are of ranges that are kept free for fiction. Valid by the full metadata of libphonenumber, with US as the
 * country of those without one: any US area code with 555-0100 to 555-0199 (NANP), +44 20 7946 0000 to 0999 and
 * +44 161 496 0000 to 0999 (Ofcom), +61 2 5550 xxxx (ACMA), +46 8 465 004 00 to 99 (PTS). Not valid there, though just
 * as fictional: +44 1632 960xxx (Ofcom, an area that does not exist) and 555-01xx without an area code.
 */

/** A client before it is a row, by name of property; the key is its name in the seed. */
export type ClientPlan = { readonly key: string; readonly values: Readonly<Record<string, SeedValue>> };

/** The client of many projects: a developer who builds lot by lot. */
export const BUSIEST_CLIENT = "santoro-homes";

/** The client that was put into the trash while a project still points at it. */
export const TRASHED_CLIENT = "ridgeline-hotels";

type Kind = "commercial" | "residential" | "government" | "non-profit";
type Line = readonly [key: string, name: string, type: Kind, phone: string, email: string, contact: string];

/** Clients of the projects that meetings are about, in the order of those; e-mail and contact come from there. */
const FROM_MEETINGS: readonly (readonly [key: string, name: string, type: Kind, phone: string])[] = [
  ["north-quay", "North Quay Living", "residential", "+1 202-555-0110"],
  ["cedar-ridge-schools", "Cedar Ridge School District", "government", "+1 202-555-0111"],
  ["marlow-health", "Marlow Health", "non-profit", "(202) 555-0112"],
  ["city-works", "City Works Office", "government", "+1 (202) 555-0113"],
  ["kestrel-logistics", "Kestrel Logistics", "commercial", "202.555.0114"],
  ["santoro-homes", "Santoro Homes", "residential", "+12025550115"],
  ["bayview-library", "Bayview Library Board", "non-profit", "202-555-0116"],
  ["fulton-partners", "Fulton Partners", "commercial", "+1 202 555 0117"],
];

const OTHERS: readonly Line[] = [
  ["harbor-foods", "Harbor Foods Market", "commercial", "(312) 555-0120", "build@example.com", "Lucy Amaro"],
  [
    "st-brigid",
    "St. Brigid's Shelter",
    "non-profit",
    "+1 312 555 0121",
    "office@example.org",
    "Sr. Anne Doyle",
  ],
  [
    "port-authority",
    "Port Authority of Fairhaven",
    "government",
    "+1 312 555 0122",
    "piers@example.net",
    "Ed Noonan",
  ],
  ["old-mill", "Old Mill Data", "commercial", "+1 415 555 0123", "facilities@example.com", "Wei Sun"],
  ["lantern-theatre", "Lantern Theatre", "non-profit", "+1 415-555-0124", "stage@example.org", "Mira Castle"],
  ["bluegate", "Bluegate Self Storage", "commercial", "+1 415-555-0125", "bluegate@example.com", "Ron Pike"],
  [
    "thames-row",
    "Thames Row Estates",
    "residential",
    "+44 20 7946 0130",
    "estates@example.net",
    "Imogen Vale",
  ],
  [
    "eclusier",
    "Société Éclusier & Fils",
    "residential",
    "+44 161 496 0131",
    "eclusier@example.net",
    "Zoë Müller-Šimková",
  ],
  ["nakheel", "شركة النخيل العقارية", "commercial", "+61 2 5550 0132", "nakheel@example.com", "ليلى حداد"],
  ["namal", "בוני הנמל", "commercial", "+46 8 465 004 33", "namal@example.org", "נועה ברק"],
  ["parks", "Parks and Recreation", "government", "+1 212 555 0134", "parks@example.org", "Dee Holloway"],
  ["orchard-clinic", "Orchard Clinic", "non-profit", "+1 212 555 0135", "orchard@example.org", "Ivan Petty"],
  ["juniper-inn", "Juniper Inn", "commercial", "+1 212 555 0136", "juniper@example.com", "Opal Reyes"],
  ["hollis-family", "Hollis Family", "residential", "+1 212 555 0137", "hollis@example.net", "Jane Hollis"],
  // The second of a pair each; what makes them so stands in oddities.ts.
  ["juniper-inn-again", "The Juniper Inn", "commercial", "+1 212 555 0138", "inn@example.com", "O. Reyes"],
  ["hollis-again", "J. Hollis", "residential", "+1 212 555 0139", "jane@example.net", "Jane Hollis"],
  [
    "bluegate-again",
    "Bluegate Self Storage",
    "commercial",
    "+1 212 555 0140",
    "ronp@example.com",
    "Ronald Pike",
  ],
  ["dry-dock", "Dry Dock Brewing", "commercial", "+1 617 555 0141", "drydock@example.com", "Al Bishop"],
  ["quarry-gym", "Quarry Climbing Gym", "commercial", "+1 617 555 0142", "quarry@example.com", "Tess Lund"],
  ["maple-court", "Maple Court Owners", "residential", "+1 617 555 0143", "maple@example.net", "Bo Larsen"],
  ["county-archive", "County Archive", "government", "+1 617 555 0144", "archive@example.org", "Ruth Amsel"],
  ["sunrise-daycare", "Sunrise Daycare", "non-profit", "+1 617 555 0145", "sunrise@example.org", "Kim Abara"],
  // In the trash.
  [
    TRASHED_CLIENT,
    "Ridgeline Hotels",
    "commercial",
    "+1 617 555 0146",
    "ridgeline@example.com",
    "Vic Moreau",
  ],
];

/** Legal form, by kind of client. */
const COMPANY: Readonly<Record<Kind, string>> = {
  commercial: " LLC",
  residential: " Ltd",
  government: "",
  "non-profit": " Foundation",
};

/** The clients before anything odd is done to them; thirty, and last the one for the trash. */
export const CLIENT_PLANS: readonly ClientPlan[] = [
  ...FROM_MEETINGS.map(([key, name, type, phone], i): Line => {
    const person = PROJECTS[i]!.client;
    return [key, name, type, phone, person.email, person.name];
  }),
  ...OTHERS,
].map(([key, name, type, phone, email, contact], i) => ({
  key,
  values: {
    Name: name,
    Type: type,
    Phone: phone,
    Email: email,
    Address: `${100 + i * 7} Commerce Row, Fairhaven`,
    Company: `${name}${COMPANY[type]}`,
    Contact: contact,
    Status: i % 6 === 5 ? "prospect" : "active",
    Notes: i % 4 === 0 ? `Invoices go to ${contact}, thirty days.` : null,
  },
}));
