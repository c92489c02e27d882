import { isOff, listOf, nameParts, optionOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change, Facts } from '../fact.ts';
import { functionOf, nameOf, relationOf, type Name, type Scope } from './scope.ts';
import { argumentTypes, typeText } from './type-text.ts';

/** CREATE FUNCTION and CREATE PROCEDURE. */
export function createFunction(fields: Tree, scope: Scope): readonly Change[] {
  const { schema, name } = nameOf(scope, nameParts(fields['funcname']));
  const types = argumentTypes(fields['parameters']);
  if (types === undefined) return [{ op: 'opaque', tag: 'CREATE FUNCTION' }];
  const isProcedure = fields['is_procedure'] === true;
  const language = textOf(treeOf(treeOf(optionOf(fields['options'], 'language')?.['arg'])['String'])['sval']);
  const facts: Facts = {
    kind: isProcedure ? 'procedure' : 'function',
    ...(language === '' ? {} : { language: language.toLowerCase() }),
    ...optionFacts(fields['options'], 'stated'),
    ...(isProcedure ? {} : returns(fields)),
  };
  const made = remember(scope, { schema, name: `${name}(${types.join(',')})` });
  const replace = fields['replace'] === true ? { replace: true } : {};
  return [{ op: 'create', object: { kind: 'function', ...made }, facts, ifNotExists: false, ...replace }];
}

function remember(scope: Scope, made: Name): Name {
  scope.functions.set(made.name.replace(/\(.*$/s, ''), made.name);
  return made;
}

/** The result's type, unless arguments make it up. */
function returns(fields: Tree): Facts {
  const outputs = /^FUNC_PARAM_(?:OUT|INOUT|TABLE)$/;
  const made = listOf(fields['parameters']).some((one) =>
    outputs.test(textOf(treeOf(one['FunctionParameter'])['mode'])),
  );
  const type = made ? undefined : typeText(treeOf(fields['returnType']), 'bare');
  return type === undefined ? {} : { returns: type };
}

/** `stated` leaves out SECURITY INVOKER, which is what holds anyway. */
function optionFacts(options: unknown, keep: 'stated' | 'all'): Facts {
  const security = optionOf(options, 'security');
  const volatility = textOf(treeOf(treeOf(optionOf(options, 'volatility')?.['arg'])['String'])['sval']);
  const definer = security === undefined ? undefined : isOff(security) ? 'no' : 'yes';
  return {
    ...(definer === undefined || (definer === 'no' && keep === 'stated') ? {} : { 'security definer': definer }),
    ...(volatility === '' ? {} : { volatility }),
  };
}

/** ALTER FUNCTION. */
export function alterFunction(fields: Tree, scope: Scope): readonly Change[] {
  const name = functionOf(scope, treeOf(fields['func']));
  const facts = optionFacts(fields['actions'], 'all');
  if (name === undefined || Object.keys(facts).length === 0) return [];
  return [{ op: 'alter', object: { kind: 'function', ...name }, facts }];
}

/** CREATE AGGREGATE; its old form names no argument types where others do. */
export function createAggregate(fields: Tree, scope: Scope): readonly Change[] {
  if (fields['oldstyle'] === true) return [];
  const { schema, name } = nameOf(scope, nameParts(fields['defnames']));
  const types = argumentTypes(treeOf(listOf(fields['args'])[0]?.['List'])['items']);
  if (types === undefined) return [];
  const made = remember(scope, { schema, name: `${name}(${types.join(',')})` });
  const replace = fields['replace'] === true ? { replace: true } : {};
  return [
    {
      op: 'create',
      object: { kind: 'function', ...made },
      facts: { kind: 'aggregate' },
      ifNotExists: false,
      ...replace,
    },
  ];
}

/** Bits of a trigger's events, in alphabetical order. */
const events: readonly (readonly [bit: number, event: string])[] = [
  [8, 'delete'],
  [4, 'insert'],
  [32, 'truncate'],
  [16, 'update'],
];

/** CREATE TRIGGER. */
export function createTrigger(fields: Tree, scope: Scope): readonly Change[] {
  const table = relationOf(scope, treeOf(fields['relation']));
  if (table === undefined) return [];
  const bits = Number(fields['events'] ?? 0);
  const facts: Facts = {
    // As written: without a schema it may lie in any one of the search path.
    function: nameParts(fields['funcname']).slice(-2).join('.'),
    timing: fields['timing'] === 2 ? 'before' : fields['timing'] === 64 ? 'instead of' : 'after',
    // Bits of the server's own catalogue.
    // oxlint-disable-next-line no-bitwise
    events: events.flatMap(([bit, event]) => ((bits & bit) === 0 ? [] : [event])).join(','),
    level: fields['row'] === true ? 'row' : 'statement',
    enabled: 'yes',
  };
  const object = {
    kind: 'trigger',
    schema: table.schema,
    table: table.name,
    name: textOf(fields['trigname']),
  } as const;
  const replace = fields['replace'] === true ? { replace: true } : {};
  return [{ op: 'create', object, facts, ifNotExists: false, ...replace }];
}

/** CREATE POLICY. */
export function createPolicy(fields: Tree, scope: Scope): readonly Change[] {
  const table = relationOf(scope, treeOf(fields['table']));
  if (table === undefined) return [];
  const object = {
    kind: 'policy',
    schema: table.schema,
    table: table.name,
    name: textOf(fields['policy_name']),
  } as const;
  const facts = { command: textOf(fields['cmd_name']), permissive: fields['permissive'] === true ? 'yes' : 'no' };
  return [{ op: 'create', object, facts, ifNotExists: false }];
}

/** CREATE RULE. The rule of a view is the view. */
export function createRule(fields: Tree, scope: Scope): readonly Change[] {
  const table = relationOf(scope, treeOf(fields['relation']));
  const name = textOf(fields['rulename']);
  if (table === undefined || name === '_RETURN') return [];
  const object = { kind: 'rule', schema: table.schema, table: table.name, name } as const;
  const replace = fields['replace'] === true ? { replace: true } : {};
  return [{ op: 'create', object, facts: {}, ifNotExists: false, ...replace }];
}
