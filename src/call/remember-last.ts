/**
 * Lets a function return its last result again when it is called with the same value or object
 * again. Only for functions of their argument alone, and for objects that nobody changes.
 */
export function rememberLast<In, Out>(compute: (input: In) => Out): (input: In) => Out {
  let last: { readonly input: In; readonly output: Out } | undefined;
  return (input) => {
    if (last === undefined || !Object.is(last.input, input)) {
      last = { input, output: compute(input) };
    }
    return last.output;
  };
}

/**
 * Lets a function return its result again for an object that it was called with before, for as long as
 * that object lives. Only for functions of their argument alone, and for objects that nobody changes.
 */
export function rememberEach<In extends object, Out extends object>(
  compute: (input: In) => Out,
): (input: In) => Out {
  const outputs = new WeakMap<In, Out>();
  return (input) => {
    const known = outputs.get(input);
    if (known !== undefined) {
      return known;
    }
    const output = compute(input);
    outputs.set(input, output);
    return output;
  };
}
