import { notFound } from '../../core/errors.ts';
import { textOf, type JsonObject } from '../../core/json.ts';
import { needs, type ServiceModule } from '../../core/service.ts';

/** Documentation: the two sinks that every project has, by name, with what goes into the buckets of the same names. */
const filters: Readonly<Record<string, string>> = {
  _Required: 'LOG_ID("cloudaudit.googleapis.com/activity") OR LOG_ID("externalaudit.googleapis.com/activity")',
  _Default: 'NOT LOG_ID("cloudaudit.googleapis.com/activity") AND NOT LOG_ID("externalaudit.googleapis.com/activity")',
};

function view(parent: string, name: string): JsonObject {
  const destination = `logging.googleapis.com/${parent}/locations/global/buckets/${name}`;
  return { name, destination, filter: filters[name] ?? '' };
}

/** The configuration of Cloud Logging, as far as it says where entries go; it cannot be changed here. */
export const loggingConfig: ServiceModule = {
  name: 'logging',
  service: 'google.logging.v2.ConfigServiceV2',
  methods: {
    ListSinks: {
      mark: 'documentation',
      needs: needs('logging.sinks.list', 'parent'),
      handle: ({ parent }) => ({ sinks: Object.keys(filters).map((name) => view(textOf(parent), name)) }),
    },
    GetSink: {
      mark: 'documentation',
      needs: needs('logging.sinks.get', 'sinkName'),
      handle(request) {
        const [, parent = '', name = ''] = /^(.*)\/sinks\/([^/]+)$/.exec(textOf(request['sinkName'])) ?? [];
        if (filters[name] === undefined) throw notFound(`Sink ${name} does not exist`);
        return view(parent, name);
      },
    },
  },
};
