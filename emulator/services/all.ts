import type { PlainModule, ServiceModule } from '../core/service.ts';
import { logging } from './logging/logging.ts';
import { loggingConfig } from './logging/sinks.ts';
import { operations } from './operations.ts';
import { executions, tasks } from './run/executions.ts';
import { jobs } from './run/jobs.ts';
import { knative } from './run/knative.ts';
import { artifactRegistry } from './artifact-registry/artifact-registry.ts';
import { compute } from './compute.ts';
import { iam } from './iam.ts';
import { resourceManager, resourceManagerV1 } from './resource-manager.ts';
import { serviceUsage } from './service-usage.ts';
import { iamCredentials, sts } from './tokens.ts';
import { vpcAccess } from './vpc-access.ts';
import { sqlAdmin } from './sql-admin/sql-admin.ts';
import { secretManager } from './secret-manager.ts';

/**
 * Every service that the protos describe. A new one is a file next to this one with a ServiceModule, and a line here.
 */
export const protoModules: readonly ServiceModule[] = [
  jobs,
  executions,
  tasks,
  operations,
  logging,
  loggingConfig,
  secretManager,
  vpcAccess,
  serviceUsage,
  resourceManager,
  artifactRegistry,
];

/** APIs without official protos, as plain routes. */
export const plainModules: readonly PlainModule[] = [
  sqlAdmin,
  iam,
  sts,
  iamCredentials,
  resourceManagerV1,
  compute,
  knative,
];
