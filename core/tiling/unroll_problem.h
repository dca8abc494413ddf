// SPDX-License-Identifier: Apache-2.0
/// Unroll factors of loops (StreamTensor §5.1; HIDA's intensity- and connection-aware factors): the
/// problem, what a solution is, and its check. Solvers are in unroll.h and unroll_by_intensity.h.
///
/// A node is a loop nest that reads and writes arrays. Unrolling a loop by f repeats its body f
/// times in hardware, and those copies want their elements in the same cycle: the array is split
/// into banks. Along one dimension,
///
///     banks = largest of (unroll * stride) over all accesses, at most the size of the dimension
///
/// and the banks of an array are the product over its dimensions. Nodes that share an array pay for
/// each other: if one wants rows split and the other columns, the array is split both ways.
///
/// Unroll * stride is the *reach* of an access along a dimension: the elements that one step of the
/// unrolled loop moves over. All comparisons between nodes are of reaches, so that no factor has to
/// be scaled to a fraction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/support/result.h"

namespace st {

/// Copies of one body and banks of one array at most. Our choice: what a kernel of this size costs
/// still fits a board, and Vitis HLS ran out of memory (ERROR 200-103) far above.
inline constexpr int64_t MostUnroll = 1024;
inline constexpr int64_t MostBanks = 1024;

/// Loop nests whose loops are to be unrolled.
struct UnrollProblem {
  struct Loop {
    std::string name;        ///< for messages; untrusted
    int64_t trip = 1;        ///< iterations
    bool reduction = false;  ///< carries a value from one iteration to the next, else parallel
  };
  /// The index along one dimension of an array: counter of the loop * stride + offset.
  struct Index {
    int loop = -1;       ///< of the node, outermost is 0; -1: the constant `offset`
    int64_t stride = 1;  ///< elements per iteration; without meaning if there is no loop
    int64_t offset = 0;  ///< element in the first iteration
  };
  struct Access {
    int array = -1;            ///< index of an array
    std::vector<Index> index;  ///< per dimension of the array
  };
  struct Node {
    std::string name;         ///< for messages; untrusted
    std::vector<Loop> loops;  ///< outermost first
    std::vector<Access> accesses;
  };
  struct Array {
    std::string name;            ///< for messages; untrusted
    std::vector<int64_t> shape;  ///< elements per dimension
    bool external = false;       ///< in device memory: all that access it move vectors of one shape
  };
  std::vector<Node> nodes;
  std::vector<Array> arrays;
  int64_t most_parallel = 1;         ///< P_max: what the most intensive node is to be unrolled by
  int64_t most_unroll = MostUnroll;  ///< product of the unroll factors of a node at most
  int64_t most_banks = MostBanks;    ///< banks of an array at most

  /// Bad indices, numbers out of range, an access outside its array, an array whose strides alone
  /// ask for more than most_banks. Errors: E0320, all at once.
  [[nodiscard]] Status check() const;
};

/// What the factors depend on.
struct UnrollOptions {
  bool intensity_aware = true;   ///< nodes get a share of P_max by their work, else all of it
  bool connection_aware = true;  ///< factors of nodes that share an array fit each other
};

/// Per node and loop, or per array and dimension.
using UnrollTable = std::vector<std::vector<int64_t>>;

struct UnrollSolution {
  UnrollTable unroll;  ///< [node][loop]: copies of the loop's body, a divisor of the trip count
  UnrollTable banks;   ///< [array][dimension]: factor of the cyclic partition
};

/// Iterations of the whole nest: the product of its trip counts, 1 without loops.
int64_t intensity(const UnrollProblem& problem, int node);

/// What the factors of a node are to multiply to, at least 1: P_max, or by intensity
/// P_max * intensity / largest intensity of a node, rounded down.
int64_t parallel_factor(const UnrollProblem& problem, int node, const UnrollOptions& options);

/// Two nodes that share an array. `loops` is the permutation between the nests.
struct Connection {
  /// A loop of each that walk the same dimension. A factor of loop `a` is worth
  /// stride_a / stride_b times as much to loop `b`, which is the scale between them.
  struct Loops {
    int dimension;  ///< of the array
    int a;          ///< loop of node `a`
    int b;          ///< loop of node `b`
    int64_t stride_a;
    int64_t stride_b;

    /// Whether the reach of one can be a multiple of the other's without unrolling: one stride
    /// divides the other. Where not, there is no factor 1 to start from, and nothing is asked.
    [[nodiscard]] bool binding() const;
    friend bool operator==(const Loops&, const Loops&) = default;
  };
  int array;
  int a;                     ///< index of a node
  int b;                     ///< index of a node, above a
  std::vector<Loops> loops;  ///< by dimension, then by loops; each once. Empty: constant indices
};

/// One per pair of nodes and array that both access, by array, then by a, then by b. Requires a
/// problem that passes check(), as the functions around it do.
std::vector<Connection> connections(const UnrollProblem& problem);

/// Banks per array and dimension under these factors, as above.
UnrollTable banks_of(const UnrollProblem& problem, const UnrollTable& unroll);

/// Banks of an array in all; saturates.
int64_t product_of_banks(const std::vector<int64_t>& banks);

/// Whether the solution is one: each factor divides its trip count, no node and no array exceeds
/// its bound, banks are those of the factors, all loops that walk a dimension of an external array
/// have equal factors, and, if connection-aware, of two binding loops the reach of one divides the
/// other's. The options' intensity_aware asks for nothing: a factor may be out of reach. Shares no
/// code with any solver. Errors: those of check(), E0320, all at once.
Status verify(const UnrollProblem& problem, const UnrollSolution& solution,
              const UnrollOptions& options);

}  // namespace st
