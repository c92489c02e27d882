import { ApiError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';

/** An error in the form of Cloud SQL Admin: without `status` and `details`, its reason in `errors`. */
class SqlAdminError extends ApiError {
  readonly reason: string;

  constructor(error: ApiError, reason: string, message = error.message) {
    super(error.status, message);
    this.reason = reason;
  }

  override toJson(): JsonObject {
    const { message, reason } = this;
    return { error: { code: this.httpStatus, errors: [{ domain: 'global', message, reason }], message } };
  }
}

/**
 * A refusal as Cloud SQL Admin writes it. Form and reason of 404: recorded answers in
 * GoogleCloudPlatform/k8s-config-connector
 * (pkg/test/resourcefixture/testdata/basic/sql/v1beta1/sqlinstance/postgresinstancebasic/_http.log). Words of 403: public
 * reports about GoogleCloudPlatform/cloud-sql-proxy. The other reasons are assumed. What Google's front end refuses
 * (credentials, an API that is off) has its usual form.
 */
export function sqlRefusal(error: ApiError): ApiError {
  const info = error.details[0]?.['reason'];
  if (error.status === 'UNAUTHENTICATED' || info === 'SERVICE_DISABLED') return error;
  if (error.status !== 'PERMISSION_DENIED') return new SqlAdminError(error, reasons[error.status] ?? 'internalError');
  // The resource is named by its last parts.
  const [, permission = '', resource = ''] = /'([^']+)' denied on resource '([^']+)'/.exec(error.message) ?? [];
  const place = /instances\/[^/]+/.exec(resource)?.[0] ?? resource;
  const words = `boss::NOT_AUTHORIZED: Not authorized to access resource. Possibly missing permission ${permission} on resource ${place}.`;
  return new SqlAdminError(error, 'forbidden', permission === '' ? error.message : words);
}

const reasons: Partial<Record<ApiError['status'], string>> = {
  NOT_FOUND: 'instanceDoesNotExist',
  INVALID_ARGUMENT: 'invalid',
  FAILED_PRECONDITION: 'invalidState',
  ABORTED: 'operationInProgress',
  RESOURCE_EXHAUSTED: 'rateLimitExceeded',
  UNAVAILABLE: 'backendError',
};
