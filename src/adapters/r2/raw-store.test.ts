import { describe, expect, it } from "vitest";
import { createR2 } from "../../../emulators/r2/r2-bucket.ts";
import { aWorkspace } from "../../../test/in-process/workspace.ts";
import { createRawStore } from "./raw-store.ts";

const NO_TIME = { signal: AbortSignal.abort(), stop: () => undefined };

describe("a raw store that does not answer", () => {
  it("is given up after its time, and what lands later is what was put", async () => {
    const { world } = await aWorkspace();
    const held = Promise.withResolvers<void>();
    const bucket = createR2({ hooks: { beforeCall: () => held.promise } });
    const impatient = createRawStore(bucket, { ...world, timer: () => NO_TIME });
    const timedOut = { failure: { kind: "timed_out", party: "r2" } };
    await expect(impatient.putText("a", "said")).rejects.toMatchObject(timedOut);
    await expect(impatient.getText("a")).rejects.toMatchObject(timedOut);
    await expect(impatient.latencyMs()).rejects.toMatchObject(timedOut);
    held.resolve();
    const patient = createRawStore(bucket, world);
    // The retry and the late effect write the same key, and only one of them does.
    await patient.putText("a", "said");
    expect(await patient.getText("a")).toBe("said");
    expect(bucket.writeCounts().get("a")).toBe(1);
  });
});
