//! Pages of the book, so that their examples are compiled and run.

/// Rules, allocations and storages.
#[doc = include_str!("../../docs/src/extending.md")]
struct Extending;

/// Agents and recipes.
#[doc = include_str!("../../docs/src/extending/agent.md")]
struct ExtendingAgent;

/// Tasks and environments.
#[doc = include_str!("../../docs/src/extending/environment.md")]
struct ExtendingEnvironment;

/// Agents that learn from data.
#[doc = include_str!("../../docs/src/extending/offline.md")]
struct ExtendingOffline;

/// A command line.
#[doc = include_str!("../../docs/src/extending/command_line.md")]
struct ExtendingCommandLine;
