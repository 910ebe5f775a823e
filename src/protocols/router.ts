import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type MethodImplSpec, type ServiceImpl } from "@connectrpc/connect";
import { createMethodRoutes, type MethodRouteOptions } from "./method-routes.js";
import type { PathTemplate } from "./rest/path-template.js";
import type { Route } from "./route.js";

/** Finds the route for a path, without its query. */
export interface Router {
  (path: string): Route | undefined;
  /** The paths, or path templates, of REST. */
  readonly restPaths: readonly string[];
}

function pathIsTaken(one: string, other: string, path: string): Error {
  return new Error(
    `${one} and ${other} have the same path, ${path}; give one of them another path in its google.api.http annotation`,
  );
}

/** For a method that would be hidden: the service itself serves the path of its route. */
export function pathIsServed({ target, path }: Route): Error {
  return new Error(
    `${target} has the path ${path}, which the service itself serves; choose another path in its google.api.http annotation`,
  );
}

/** Collects methods with their implementations. Of two routes of a method, the later one holds. */
export class RouterBuilder {
  readonly #options: MethodRouteOptions;
  readonly #restPaths: string[] = [];
  readonly #byPath = new Map<string, Route>();
  readonly #byTemplate: { readonly template: PathTemplate; readonly route: Route }[] = [];

  constructor(options: MethodRouteOptions) {
    this.#options = options;
  }

  /**
   * Methods without an implementation answer UNIMPLEMENTED.
   * @param stages of this service alone, such as those of one that needs no token
   */
  add<Desc extends DescService>(
    service: Desc,
    implementation: Partial<ServiceImpl<Desc>>,
    stages = this.#options.stages,
  ): this {
    const options = { ...this.#options, stages };
    for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) {
      this.addMethod(spec, options);
    }
    return this;
  }

  addMethod(spec: MethodImplSpec, options = this.#options): this {
    for (const { template, route } of createMethodRoutes(spec, options)) {
      if (template !== undefined) {
        this.#restPaths.push(route.path);
      }
      if (template === undefined || template.isLiteral) {
        this.#addPath(route);
      } else {
        this.#addTemplate(template, route);
      }
    }
    return this;
  }

  /**
   * @param route of REST that the service itself has, at a path without variables
   * @throws Error when a method has the path (startup only)
   */
  addRoute(route: Route): this {
    const hidden = this.#byPath.get(route.path);
    if (hidden !== undefined) {
      throw pathIsServed(hidden);
    }
    this.#restPaths.push(route.path);
    this.#byPath.set(route.path, route);
    return this;
  }

  /** @throws Error when the route of another method has the path (startup only) */
  #addPath(route: Route): void {
    const other = this.#byPath.get(route.path)?.target ?? route.target;
    if (other !== route.target) {
      throw pathIsTaken(other, route.target, route.path);
    }
    this.#byPath.set(route.path, route);
  }

  /** @throws Error when the template of another method matches the same paths (startup only) */
  #addTemplate(template: PathTemplate, route: Route): void {
    const other = this.#byTemplate.find(
      (each) => each.template.pattern === template.pattern && each.route.target !== route.target,
    );
    if (other !== undefined) {
      throw pathIsTaken(other.route.target, route.target, template.text);
    }
    this.#byTemplate.push({ template, route });
  }

  build(): Router {
    const find = (path: string) =>
      this.#byPath.get(path) ??
      this.#byTemplate.find(({ template }) => template.match(path) !== undefined)?.route;
    return Object.assign(find, { restPaths: [...this.#restPaths] });
  }
}
