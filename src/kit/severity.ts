/** The severity of a finding: an error stops or fails the run, a warning is shown, a note informs. */
export type Severity = 'error' | 'warning' | 'note';
