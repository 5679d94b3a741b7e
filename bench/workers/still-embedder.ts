import { WorkerEntrypoint } from "cloudflare:workers";

const DIMENSIONS = 1_024;

/** Stands in for Workers AI where embedding must cost nothing: a fixed vector for each length of text, made at once. */
export class WorkersAi extends WorkerEntrypoint {
  async run(
    _model: string,
    inputs: { documents?: string[]; queries?: string[] },
  ): Promise<{ data: Float32Array[] }> {
    return { data: (inputs.documents ?? inputs.queries ?? []).map(fixedVector) };
  }
}

export default {};

function fixedVector(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS).fill(1 / 64);
  vector[text.length % DIMENSIONS] = 1;
  return vector;
}
