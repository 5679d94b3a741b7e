import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateKeys, findDuplicates, type ClientIdentity, type StoredClient } from "./duplicates.ts";
import { propertyRuns } from "../property-runs.testsuite.ts";

const aClient = (client: Partial<ClientIdentity> = {}): ClientIdentity => ({
  pageId: "page new",
  email: "info@harbour.example",
  phoneE164: "+12127365000",
  phoneExtension: null,
  name: "Harbour Works",
  company: "Harbour Group",
  ...client,
});
const aRow = (client: Partial<StoredClient> = {}): StoredClient => ({
  ...aClient({ pageId: null }),
  id: "row",
  ...client,
});
/** A client of which nothing but the name is known. */
const BARE = { email: null, phoneE164: null, company: null };

describe("duplicateKeys", () => {
  it("compares addresses without letter case, and a switchboard's extensions as different phones", () => {
    expect(duplicateKeys(aClient({ email: "Info@harbour.example", phoneExtension: "12" }))).toEqual({
      email: "info@harbour.example",
      phone: "+12127365000;ext=12",
      name: "harbour works",
      company: "harbour group",
    });
  });

  it("compares names without case, blanks and punctuation, but keeps the legal form", () => {
    const nameOf = (name: string) => duplicateKeys(aClient({ name })).name;
    expect(nameOf("ACME,  Inc.")).toBe(nameOf("Acme Inc"));
    expect(nameOf("Smith-Jones & Co")).toBe(nameOf("smith jones co."));
    expect(nameOf("Acme Ltd")).not.toBe(nameOf("Acme Inc"));
    expect(nameOf("Ｈａｒｂｏｕｒ")).toBe("harbour");
  });

  it("has no company where none is named", () => {
    expect(duplicateKeys(aClient({ company: null })).company).toBeNull();
    expect(duplicateKeys(aClient({ company: " - " })).company).toBeNull();
  });
});

describe("findDuplicates", () => {
  it("finds none among strangers", () => {
    const stranger = aRow({ email: "a@b.example", phoneE164: "+493012345678", name: "Quay", company: null });
    expect(findDuplicates(aClient(), [stranger])).toEqual({ certain: null, doubtful: [] });
    expect(findDuplicates(aClient(), [])).toEqual({ certain: null, doubtful: [] });
  });

  it("takes no page for no sign: two of whom none has one are not the same by that", () => {
    const stranger = aRow({ email: "a@b.example", phoneE164: null, name: "Quay", company: null });
    expect(findDuplicates(aClient({ pageId: null }), [stranger])).toEqual({ certain: null, doubtful: [] });
  });

  it("takes names that are nothing but punctuation for none", () => {
    const nameless = { name: "--", email: null, phoneE164: null };
    expect(findDuplicates(aClient(nameless), [aRow(nameless)])).toEqual({ certain: null, doubtful: [] });
  });

  it("takes one phone without a number, or an extension of none, for no phone", () => {
    expect(duplicateKeys(aClient({ phoneE164: null, phoneExtension: "12" })).phone).toBeNull();
    expect(duplicateKeys(aClient({ phoneExtension: null })).phone).toBe("+12127365000");
  });

  it("is certain of the row of the same page, whatever else changed", () => {
    const rows = [aRow({ id: "twin" }), aRow({ id: "own", pageId: "page new", name: "Old name", ...BARE })];
    expect(findDuplicates(aClient(), rows)).toEqual({ certain: { id: "own", by: ["page"] }, doubtful: [] });
  });

  it.each<[why: string, row: Partial<StoredClient>, by: string[]]>([
    ["name and e-mail", { phoneE164: null, company: null }, ["email", "name"]],
    ["name and e-mail, with another phone", { phoneE164: "+493012345678" }, ["email", "name"]],
    ["name and phone", { email: null, company: null }, ["phone", "name"]],
    ["name and company, when nothing else is known", { email: null, phoneE164: null }, ["name"]],
    ["everything", {}, ["email", "phone", "name"]],
  ])("is certain of a row without a page by %s", (_, row, by) => {
    expect(findDuplicates(aClient(), [aRow(row)])).toEqual({ certain: { id: "row", by }, doubtful: [] });
  });

  it.each<[why: string, row: Partial<StoredClient>, by: string[]]>([
    ["only the e-mail is the same: a mailbox may be shared", { name: "Quay", phoneE164: null }, ["email"]],
    ["only the phone is the same: a switchboard", { name: "Quay", email: null }, ["phone"]],
    ["only the name is the same, without a company", BARE, ["name"]],
    ["the name is the same and the e-mail is not", { email: "b@harbour.example" }, ["phone", "name"]],
    [
      "name and company are the same, and the phone is not",
      { email: null, phoneE164: "+493012345678" },
      ["name"],
    ],
    ["the company is not the same", { company: "Quay Group" }, ["email", "phone"]],
    ["the row has another page", { pageId: "page old" }, ["email", "phone", "name"]],
  ])("doubts when %s", (_, row, by) => {
    expect(findDuplicates(aClient(), [aRow(row)])).toEqual({ certain: null, doubtful: [{ id: "row", by }] });
  });

  it("takes the same name in two known companies for two people", () => {
    const row = aRow({ email: null, phoneE164: null, company: "Quay Group" });
    expect(findDuplicates(aClient(), [row])).toEqual({ certain: null, doubtful: [] });
  });

  it("doubts when two rows would be certain, and shows the strongest first", () => {
    const rows = [
      aRow({ id: "phone", email: null, name: "Quay" }),
      aRow({ id: "one", phoneE164: null }),
      aRow({ id: "two" }),
    ];
    expect(findDuplicates(aClient(), rows)).toEqual({
      certain: null,
      doubtful: [
        { id: "two", by: ["email", "phone", "name"] },
        { id: "one", by: ["email", "name"] },
        { id: "phone", by: ["phone"] },
      ],
    });
  });

  it("names what is doubtful beside what is certain", () => {
    const rows = [aRow({ id: "shared", name: "Quay" }), aRow({ id: "own" })];
    expect(findDuplicates(aClient(), rows)).toMatchObject({
      certain: { id: "own" },
      doubtful: [{ id: "shared" }],
    });
  });

  it("never binds a row that another page has, nor one that shares no key, in any order of rows", () => {
    const anIdentity = fc.record({
      pageId: fc.constantFrom(null, "p1", "p2"),
      email: fc.constantFrom(null, "a@a.example", "b@b.example"),
      phoneE164: fc.constantFrom(null, "+12127365000", "+493012345678"),
      phoneExtension: fc.constant(null),
      name: fc.constantFrom("Harbour", "Quay"),
      company: fc.constantFrom(null, "Group", "Firm"),
    });
    const rows = fc.array(anIdentity, { maxLength: 5 });
    fc.assert(
      fc.property(anIdentity, rows, (candidate, identities) => {
        const existing = identities.map((identity, at) => ({ ...identity, id: `row ${at}` }));
        const { certain, doubtful } = findDuplicates(candidate, existing);
        const row = existing.find(({ id }) => id === certain?.id);
        if (row !== undefined) expect([null, candidate.pageId]).toContain(row.pageId);
        for (const { id, by } of doubtful) {
          expect(id).not.toBe(certain?.id);
          expect(by.length).toBeGreaterThan(0);
        }
        const isOwn = certain?.by.includes("page") === true;
        if (!isOwn) {
          expect(findDuplicates(candidate, existing.toReversed()).certain).toEqual(certain);
        }
      }),
      { numRuns: propertyRuns(1000) },
    );
  });
});
