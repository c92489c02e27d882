import type { ServiceModule } from '../../core/service.ts';
import { packageMethods } from './packages.ts';
import { repositoryMethods } from './repositories.ts';

/** Artifact Registry: repositories, and their content in the emulator's registry. */
export const artifactRegistry: ServiceModule = {
  name: 'artifactregistry',
  service: 'google.devtools.artifactregistry.v1.ArtifactRegistry',
  methods: { ...repositoryMethods, ...packageMethods },
};
