import type { CatalogueEntry } from './entry.ts';
import { adoptFaults } from './adopt.ts';
import { applyFaults } from './apply.ts';
import { cloudFaults } from './cloud.ts';
import { cloudRunFaults } from './cloud-run.ts';
import { databaseFaults } from './database.ts';
import { embeddedFaults } from './embedded.ts';
import { execFaults } from './exec.ts';
import { fleetFaults } from './fleet.ts';
import { foreignFaults } from './foreign.ts';
import { imageFaults } from './image.ts';
import { jobFaults } from './job.ts';
import { planFaults } from './plan.ts';
import { privateNetworkFaults } from './private-network.ts';
import { rollbackFaults } from './rollback.ts';
import { squashFaults } from './squash.ts';
import { sqlFaults } from './sql.ts';
import { usageFaults } from './usage.ts';
import { verifyFaults } from './verify.ts';

const parts = {
  ...usageFaults,
  ...embeddedFaults,
  ...imageFaults,
  ...sqlFaults,
  ...planFaults,
  ...rollbackFaults,
  ...adoptFaults,
  ...foreignFaults,
  ...squashFaults,
  ...databaseFaults,
  ...fleetFaults,
  ...applyFaults,
  ...verifyFaults,
  ...cloudFaults,
  ...cloudRunFaults,
  ...privateNetworkFaults,
  ...jobFaults,
  ...execFaults,
};

/** Every code that godwit can report. */
export type FaultCode = keyof typeof parts;

/** The catalogue of faults: `godwit explain CODE` and docs/faults.md are made from it. */
export const catalogue: Readonly<Record<FaultCode, CatalogueEntry>> = parts;
