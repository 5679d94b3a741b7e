import { describe, expect, it } from "vitest";
import { FailureError } from "../../src/core/errors.ts";
import type { Lineage } from "../../src/core/lineage.ts";
import { LINEAGE_ROWS_MAX } from "../../src/core/policy.ts";
import { readLineage } from "../../src/queries/lineage.ts";
import { aNotionWorkspace } from "./notion-workspace.ts";
import { aListedMeeting, aRow, aWorkspace, runSync, type Workspace } from "./workspace.ts";

const HOUR_MS = 3_600_000;

async function lifeOf(space: Pick<Workspace, "ports">, kind: string, id: string): Promise<Lineage> {
  const life = await readLineage(space.ports, kind, id);
  if ("refused" in life) throw new Error(life.refused);
  return life;
}
const said = (life: Lineage): string[] => life.events.map(({ what, says }) => `${what}: ${says}`);
const place = (life: Lineage, where: string): string[] =>
  life.now.filter((fact) => fact.where === where).map(({ says }) => says);

describe("the life of a meeting", () => {
  it("tells in time order who found it, what was decided, and where each revision lies", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1")];
    const first = await runSync(space, "fireflies");
    await runSync(space, "vectors");
    space.world.advance(HOUR_MS);
    const text = "Nothing of this was said before the crane had moved to the other side of the yard. ".repeat(
      3,
    );
    space.source.meetings = [
      aListedMeeting("m1", { title: "Renamed", sentences: [{ speaker_name: "Maya", text }] }),
    ];
    const second = await runSync(space, "fireflies");
    await runSync(space, "vectors");
    const life = await lifeOf(space, "meeting", "m1");
    expect(life).toMatchObject({ recordId: "m1", sourceId: "m1", name: "Renamed", more: [] });
    expect(life.events.map(({ atMs }) => atMs)).toEqual(life.events.map(({ atMs }) => atMs).toSorted());
    expect(life.events[0]).toMatchObject({
      what: "discovered",
      says: expect.stringMatching(/^first seen by the backfill listing \S+, started by manual$/),
      runId: first.id,
    });
    expect(said(life)).toEqual(
      expect.arrayContaining([
        "record: row made in D1",
        "decision: created by a run of fireflies (manual)",
        "decision: created by a run of vectors (manual)",
        "chunks: cut into 1 new chunk",
        "chunks: 1 vector read back: visible to search",
        "decision: updated by a run of fireflies (manual)",
        "chunks: 1 vector given up for ever",
      ]),
    );
    expect(life.events.filter(({ runId }) => runId === second.id)).toHaveLength(1);
    expect(place(life, "R2").map((says) => says.replace(/^.*bytes, /, ""))).toEqual([
      "in use: its bytes are what its name says",
      "an earlier one: its bytes are what its name says",
    ]);
    expect(place(life, "chunks")).toEqual(["1 gone, 1 live"]);
    expect(place(life, "index")).toEqual(["1 of 1 live vectors are there"]);
  });

  it("says which bytes are damaged or missing, and which vectors are not there", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1"), aListedMeeting("m2")];
    await runSync(space, "fireflies");
    await runSync(space, "vectors");
    const keys = (await space.ports.raw.list("fireflies-transcripts/", null)).items.map(({ key }) => key);
    await space.r2.put(keys.find((key) => key.includes("/m1/")) ?? "", "other bytes");
    await space.r2.delete(keys.find((key) => key.includes("/m2/")) ?? "");
    const { items } = await space.ports.lineage.liveVectors("m1", 10);
    space.stores.VECTORS_A.loseVectors(items);
    const damaged = await lifeOf(space, "meeting", "m1");
    expect(place(damaged, "R2")).toEqual([expect.stringContaining("its bytes are damaged")]);
    expect(place(damaged, "index")).toEqual(["0 of 1 live vectors are there"]);
    const missing = await lifeOf(space, "meeting", "m2");
    expect(place(missing, "R2")).toEqual([
      expect.stringMatching(/^fireflies-transcripts\/m2\/.*: it is missing$/),
    ]);
  });

  it("is told of one that never became a record, with every reason, until it is cured", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1", { title: "", sentences: [] })];
    await runSync(space, "fireflies");
    const before = await lifeOf(space, "meeting", "m1");
    expect(before).toMatchObject({ recordId: null, sourceId: "m1", name: null });
    expect(said(before)).toContainEqual(
      expect.stringMatching(/^set aside: quarantined: title is missing; transcript /),
    );
    expect(place(before, "D1")).toEqual(["no row"]);
    space.world.advance(HOUR_MS);
    space.source.meetings = [aListedMeeting("m1")];
    await runSync(space, "fireflies");
    const after = await lifeOf(space, "meeting", "m1");
    expect(after.recordId).toBe("m1");
    expect(said(after)).toContain("set aside: out of quarantine");
  });

  it("is told of one that waits for its transcript, and of one that was refused by the model", async () => {
    const space = await aWorkspace();
    const dateString = new Date(space.world.nowMs() - HOUR_MS).toISOString();
    space.source.meetings = [aListedMeeting("young", { dateString, sentences: [] }), aListedMeeting("old")];
    await runSync(space, "fireflies");
    expect(said(await lifeOf(space, "meeting", "young"))).toContainEqual(
      expect.stringMatching(/^decision: pending by a run of fireflies \(manual\): /),
    );
    await space.d1.prepare("insert into refusals values ('old', 'x', 'the model refuses it', 1)").run();
    expect(place(await lifeOf(space, "meeting", "old"), "vectors")).toEqual([
      "refused: the model refuses it; tried again 1970-01-01T00:00:00.001Z",
    ]);
  });

  it("tells of one that failed which tries of its run did", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1")];
    const plain = space.source.listMeetings;
    const refuse = (): never => {
      throw new FailureError({ kind: "partial", party: "fireflies", detail: "sentences are missing" });
    };
    space.source.getMeeting = async () => refuse();
    space.source.listMeetings = async (request) => {
      const { items, ...reply } = await plain(request);
      if (!request.acceptUnreadable && items.length > 0) refuse();
      const broken = items.map((row) => ({ ...row.read(), unreadable: ["sentences"], wireHash: null }));
      return { ...reply, items: broken.map(aRow) };
    };
    await runSync(space, "fireflies");
    const life = await lifeOf(space, "meeting", "m1");
    expect(place(life, "source")).toEqual([expect.stringMatching(/^failed: of .*, no revision, /)]);
    expect(said(life)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^decision: failed by a run of fireflies \(manual\): /),
        expect.stringMatching(/^attempt: fireflies .*: partial \(sentences are missing\)/),
      ]),
    );
  });

  it("is cut where it is too long, and says how much is left out", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("m1")];
    for (let n = 0; n < LINEAGE_ROWS_MAX + 5; n += 1) {
      space.source.meetings = [aListedMeeting("m1", { title: `Title ${n}` })];
      await runSync(space, "fireflies");
      space.world.advance(HOUR_MS);
    }
    const life = await lifeOf(space, "meeting", "m1");
    expect(life.more).toEqual([{ what: "decision", count: 5 }]);
    expect(place(life, "R2").at(-1)).toBe(`and ${LINEAGE_ROWS_MAX + 5 - 10} more revisions`);
  });

  it("answers what means nothing with one sentence, and names what may be meant", async () => {
    const space = await aWorkspace();
    space.source.meetings = [aListedMeeting("meeting-001")];
    await runSync(space, "fireflies");
    const refused = async (kind: string, id: string) => readLineage(space.ports, kind, id);
    expect(await refused("meeting", "meeting-002")).toEqual({
      refused: "no meeting is known as meeting-002: did you mean meeting-001?",
    });
    expect(await refused("meeting", "zzz")).toEqual({
      refused: "no meeting is known as zzz: give an id of Fireflies",
    });
    expect(await refused("meetings", "meeting-001")).toEqual({
      refused: 'there is no kind "meetings": ask for meeting',
    });
  });

  it("repeats nothing that was said", async () => {
    const space = await aWorkspace();
    const text = "Confidential: the crane fell. ".repeat(9);
    space.source.meetings = [aListedMeeting("m1", { sentences: [{ speaker_name: "Maya", text }] })];
    await runSync(space, "fireflies");
    await runSync(space, "vectors");
    expect(JSON.stringify(await lifeOf(space, "meeting", "m1"))).not.toContain("Confidential");
  });
});

describe("the life of a project", () => {
  async function edited() {
    const space = await aNotionWorkspace();
    await space.sync("clients");
    await space.sync("projects");
    const [project] = await space.rows<{ id: string; page: string; job: string; title: string }>(
      `select projects.id, page_id as page, job_number as job, title from projects
       join notion_pages on record_id = projects.id where job_number in
         (select job_number from projects group by lower(job_number) having count(*) = 1) order by title limit 1`,
    );
    if (project === undefined) throw new Error("the sample has no project with a job number of its own");
    space.world.advance(24 * HOUR_MS);
    const set = (sql: string) => space.d1.prepare(sql).bind(project.id).run();
    await set("update projects set title = 'By SQL', project_address = 'Pier 5' where id = ?1");
    space.notion.control({ op: "edit", page: project.page, set: { "Project name": "By hand" } });
    space.world.advance(HOUR_MS);
    await space.sync("projects");
    return { space, project };
  }

  it("tells what was replaced, how a conflict was settled, and what was sent to Notion", async () => {
    const { space, project } = await edited();
    const life = await lifeOf(space, "project", project.id);
    expect(life).toMatchObject({ recordId: project.id, sourceId: project.page, name: "By hand" });
    expect(said(life)).toEqual(
      expect.arrayContaining([
        "decision: created by a run of projects (manual)",
        'conflict: title edited on both sides: "By hand" in Notion, "By SQL" in D1; Notion taken by policy',
        'history: title in D1: "By SQL" replaced by "By hand"',
        "push: project_address sent to Notion",
        "push: what was sent arrived in Notion",
        "decision: updated by a run of projects (manual)",
      ]),
    );
    expect(place(life, "Notion")).toEqual([
      expect.stringMatching(/^page bound, .*, vouched for by listing /),
    ]);
    expect(place(life, "D1")).toEqual([expect.stringMatching(/^row, version \d+, last written \d{4}-/)]);
  });

  it("is the same by its page, with and without dashes, and by its job number", async () => {
    const { space, project } = await edited();
    const life = await lifeOf(space, "project", project.id);
    for (const id of [project.page, project.page.replaceAll("-", ""), project.job, project.job.toUpperCase()])
      expect(await lifeOf(space, "project", id)).toEqual(life);
  });

  it("tells which tries failed, why, and what came next", async () => {
    const { space, project } = await edited();
    space.world.advance(24 * HOUR_MS);
    const set = "update projects set project_address = 'Pier 6' where id = ?1";
    await space.d1.prepare(set).bind(project.id).run();
    space.notion.control({
      op: "fault",
      next: [{ kind: "overload", retryAfterSeconds: 30, method: "PATCH" }],
    });
    await space.sync("projects");
    const life = await lifeOf(space, "project", project.id);
    expect(said(life)).toContainEqual(
      expect.stringMatching(/^attempt: notion \S+.*: \w+.*; then wait until \d{4}-.*Z$/),
    );
    expect(said(life).filter((says) => says.startsWith("push: project_address"))).not.toEqual([]);
  });

  it("is not guessed where a job number is that of several", async () => {
    const { space, project } = await edited();
    await space.d1
      .prepare("insert into projects (id, title, job_number) values ('other', 'Other', ?1)")
      .bind(project.job)
      .run();
    expect(await readLineage(space.ports, "project", project.job)).toEqual({
      refused: expect.stringMatching(
        new RegExp(`^${project.job} stands for several projects: ask for one of .*other`),
      ),
    });
  });

  it("is told of a page that is no record: quarantined, or before a person", async () => {
    const { space } = await edited();
    const [page] = await space.rows<{ id: string }>(
      "select page_id as id from notion_pages where sync = 'projects' and state = 'quarantined' limit 1",
    );
    const aside = await lifeOf(space, "project", page?.id ?? "");
    expect(aside).toMatchObject({ recordId: null, sourceId: page?.id });
    expect(said(aside)).toContainEqual(expect.stringMatching(/^set aside: \w+ kept aside: /));
    const [doubtful] = await space.rows<{ id: string }>(
      "select page_id as id from notion_pages where sync = 'clients' and state = 'review' limit 1",
    );
    expect(said(await lifeOf(space, "client", doubtful?.id ?? ""))).toContainEqual(
      expect.stringMatching(/^review: put to a person: /),
    );
  });
});
