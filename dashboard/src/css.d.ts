// The bundler takes a style sheet from an import; the compiler only has to know that there is such a thing.
declare module "*.css";
