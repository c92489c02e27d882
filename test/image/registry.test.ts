import { createRegistry } from '../../emulator/registry/registry.ts';
import { registrySuite } from './registry-suite.ts';

registrySuite('the registry beside the emulator', () => createRegistry());
