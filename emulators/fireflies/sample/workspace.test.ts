import { describe, expect, it } from "vitest";
import { benchMeetings } from "../bench-meetings.ts";
import { phaseAt } from "../lifecycle.ts";
import { sourceMeetingSchema, type SourceMeeting } from "../source-meeting.ts";
import { sampleMeetings } from "./workspace.ts";

const EPOCH_MS = Date.UTC(2026, 4, 8, 15);
const DAY_MS = 86_400_000;
const sample = [...sampleMeetings({ seed: 1, epochMs: EPOCH_MS, count: 60 })];
const textOf = ({ sentences }: SourceMeeting): string => (sentences ?? []).map(({ text }) => text).join(" ");
const isUsual = (meeting: SourceMeeting): boolean => meeting.summary !== null && !meeting.lifecycle;

describe("the sample workspace", () => {
  it("is the same for the same seed and another for another", () => {
    expect([...sampleMeetings({ seed: 1, epochMs: EPOCH_MS, count: 60 })]).toEqual(sample);
    expect([...sampleMeetings({ seed: 2, epochMs: EPOCH_MS, count: 60 })]).not.toEqual(sample);
  });

  it("has sixty meetings over five months, fewer than twelve of them in the last week", () => {
    expect(sample).toHaveLength(60);
    const ages = sample.map(({ date_ms }) => (EPOCH_MS - date_ms!) / DAY_MS);
    expect(Math.max(...ages)).toBeGreaterThan(140);
    expect(Math.min(...ages)).toBeGreaterThan(0);
    expect(ages.filter((age) => age <= 7).length).toBeLessThan(12);
  });

  it("has meetings of 20 to 90 minutes, 40 to 250 sentences and several speakers", () => {
    for (const meeting of sample.filter(isUsual)) {
      expect(meeting.duration).toBeGreaterThanOrEqual(19.5);
      expect(meeting.duration).toBeLessThanOrEqual(90);
      expect(meeting.sentences!.length).toBeGreaterThanOrEqual(40);
      expect(meeting.sentences!.length).toBeLessThanOrEqual(250);
      expect(new Set(meeting.sentences!.map(({ speaker_name }) => speaker_name)).size).toBeGreaterThanOrEqual(
        3,
      );
      const starts = meeting.sentences!.map(({ start_time }) => start_time!);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      expect(textOf(meeting)).not.toMatch(/[{}]|undefined/);
    }
  });

  it("holds the odd ones that a sync must survive", () => {
    const young = sample.filter(({ lifecycle }) => lifecycle);
    expect(young).toHaveLength(3);
    for (const { lifecycle } of young) {
      expect(phaseAt(lifecycle, EPOCH_MS)).not.toBe("done");
      expect(phaseAt(lifecycle, EPOCH_MS + 30 * 60_000)).toBe(phaseAt(lifecycle, EPOCH_MS));
    }
    expect(sample.filter(({ sentences }) => sentences?.length === 0)).toHaveLength(2);
    expect(
      sample.filter((meeting) => textOf(meeting).length > 0 && textOf(meeting).length < 100),
    ).toHaveLength(3);
    expect(sample.filter((meeting) => textOf(meeting) === "No transcript available")).toHaveLength(1);
    expect(sample.filter(({ title }) => title === null)).toHaveLength(1);
    expect(sample.filter(({ title }) => title?.startsWith("RENAMED"))).toHaveLength(2);
    expect(sample.filter(({ id }) => id.length === 10)).toHaveLength(3);
    expect(new Set(sample.map(({ id }) => id)).size).toBe(60);
  });

  it("says in its summaries what was decided in the talk", () => {
    for (const meeting of sample.filter(isUsual)) {
      const talk = textOf(meeting).toLowerCase();
      for (const section of meeting.summary!.overview!.split("\n")) {
        const decision = /The team will (.*)\.$/.exec(section)![1]!.toLowerCase();
        expect(talk).toContain(decision);
      }
    }
  });

  it("grows to thousands without growing denser in the last week", () => {
    const many = [...sampleMeetings({ seed: 1, epochMs: EPOCH_MS, count: 1_000 })];
    expect(new Set(many.map(({ id }) => id)).size).toBe(1_000);
    expect(many.filter(({ date_ms }) => date_ms! > EPOCH_MS - 7 * DAY_MS).length).toBeLessThan(12);
  });

  it("fits the shape of a source meeting", () => {
    for (const meeting of sample) expect(sourceMeetingSchema.safeParse(meeting).error).toBeUndefined();
  });
});

describe("meetings for measurements", () => {
  it("have about the size asked for, in either alphabet", () => {
    for (const bytesEach of [5_000, 117_000, 1_000_000]) {
      for (const letters of ["latin", "cyrillic"] as const) {
        const [meeting] = benchMeetings({ count: 1, bytesEach, seed: 3, letters });
        const bytes = Buffer.byteLength(JSON.stringify(meeting));
        expect(bytes / bytesEach).toBeGreaterThan(0.85);
        expect(bytes / bytesEach).toBeLessThan(1.1);
      }
    }
  });
});
