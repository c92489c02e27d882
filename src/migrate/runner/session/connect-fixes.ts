import { catalogue, type FaultCode } from '../../../kit/catalogue/index.ts';
import type { Finding } from '../../../kit/finding.ts';

const route =
  'The job cannot reach the network of the database. Check that the job has a VPC connector or a subnet of that network (`network` in godwit.config), and that the address in the secret is the private one: `gcloud sql instances describe INSTANCE --format "value(ipAddresses)"`.';
const noTls =
  'Enable TLS on the server, or add `sslmode=disable` to the URL in the secret if you trust the network between job and server.';

/** The cure by the code of the fault, where a job needs another one than a command on the user's machine. */
const inJob: Partial<Record<FaultCode, string>> = {
  'no-route': route,
  'host-unreachable': route,
  'network-prohibited':
    'A network rule rejects the connection before a packet leaves: ask your network administrator to let the job, by its range, subnet or network tag, reach the host and port of the database.',
  'connection-timeout':
    'Packets are dropped on their way: a firewall rule, a connector in another network, or an old address in the secret. Compare the address with `gcloud sql instances describe INSTANCE --format "value(ipAddresses)"`, and allow TCP to its port from the range of the connector or subnet.',
  'connection-refused':
    'The host is up, but nothing listens at this port: start the instance, or correct host and port in the secret (PostgreSQL: 5432; 3307 belongs to the Cloud SQL proxy).',
  'host-not-found':
    'Put the private IP into the secret in place of the name, or make the name known to the private network (Cloud DNS).',
  'not-postgresql':
    'Correct host and port in the secret. PostgreSQL listens on 5432 unless it was changed, PgBouncer usually on 6432; 3307 belongs to the Cloud SQL proxy.',
  'connection-closed':
    'Check that the server is running behind the address in the secret, and that the port is PostgreSQL’s: 3307 belongs to the Cloud SQL proxy.',
  'password-missing':
    'Add a version to the secret whose URL contains the password: postgresql://USER:PASSWORD@HOST/DATABASE. A job does not have the PGPASSWORD of your machine.',
  'password-refused':
    'Add a version to the secret with the right password; percent-encode every character that is not a letter, a digit or one of - . _ ~',
  'login-refused': 'Check the user in the URL of the secret, and the server’s pg_hba.conf for the network of the job.',
  'database-missing': 'Create the database, or correct the last part of the URL in the secret.',
  'tls-unsupported': noTls,
  'tls-required':
    'Write `sslmode=verify-full` (for a private IP `sslmode=verify-ca`) into the URL in the secret. `sslmode=require` encrypts without checking a certificate.',
  'client-certificate':
    'A job has no files of yours, so it cannot show a certificate. Ask for a login by password: on Cloud SQL `gcloud sql instances patch INSTANCE --ssl-mode=ENCRYPTED_ONLY`, elsewhere an entry in pg_hba.conf without clientcert.',
  'tls-refused':
    'A job has no files of yours. On Cloud SQL, name the instance (`instance` in godwit.config): godwit then gives its CA to the job. Elsewhere use a certificate of a public authority, or `sslmode=require` in the secret, which encrypts without checking.',
  'database-unreachable':
    'Check the host, port and network of the database URL in the secret against the reasons above.',
};

/** The cure of a fault in a job. What the cause itself has suggested, in place of the catalogue's general text, stays. */
export function fixInJob(finding: Finding): Finding {
  const code = finding.code;
  const fix = finding.fix === catalogue[code].fix ? inJob[code] : undefined;
  return fix === undefined ? finding : { ...finding, fix };
}
