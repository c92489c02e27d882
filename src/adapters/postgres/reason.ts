import type { FaultCode } from '../../kit/catalogue/index.ts';

/** Why a connection failed, and how to cure it. */
export interface Reason {
  readonly code: FaultCode;
  /** In place of the error's own message. */
  readonly why?: string;
  readonly fix?: string;
}
