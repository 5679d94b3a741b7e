import { env } from "cloudflare:test";
import { workflowSuite } from "../../emulators/contracts/workflow.testsuite.ts";

workflowSuite("workerd", () => env.CONTRACT_FLOW);
