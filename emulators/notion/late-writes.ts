import { ApiFailure } from "./api-errors.ts";
import { carryOut } from "./endpoints.ts";
import { commit, type World } from "./world.ts";

/**
 * Let the writes take effect whose time has come, in the order of their times, each at its own moment.
 *
 * Called before anything is answered or told, so that nothing later is seen without them.
 */
export function settleLateWrites(world: World): void {
  const nowMs = world.nowMs();
  if (!world.state.lateWrites.some(({ dueMs }) => dueMs <= nowMs)) return;
  commit(world, () => {
    const due = world.state.lateWrites
      .filter(({ dueMs }) => dueMs <= nowMs)
      .sort((a, b) => a.dueMs - b.dueMs);
    world.state.lateWrites = world.state.lateWrites.filter(({ dueMs }) => dueMs > nowMs);
    for (const { call, dueMs, requestIndex } of due) {
      try {
        carryOut(world, call, { nowMs: dueMs, requestIndex });
      } catch (error) {
        // It would have been refused; nobody is there to hear it.
        if (!(error instanceof ApiFailure)) throw error;
      }
    }
  });
}
