// The weights of the sampler: theta's, by degree and column by column.

namespace sampling {

// A part of theta: where it begins, its columns and rows, where it goes, and where in `units` stand theta's numbers of its
// rows and of its columns, and how many columns each row sees; which tile is its first. Numbers of two halves are cut at
// bit 31.
enum OfPart { FROM_LOW, FROM_HIGH, PART_IN, PART_OUT, TO_LOW, TO_HIGH, IS_BIAS, ROWS_AT, UNITS_AT, REACH_AT, TILE_AT, PART };

const int TILE = 32;
const int PADDED = TILE + 1;

}  // namespace sampling

// Write parts of theta by degree, column by column, a block for each tile; biases are parts of a single column. Weights
// that nobody asks for, as they have no wires, are left as they are where a whole tile has none.
extern "C" __global__ void sort_for_sampling(
        const real* theta, const int* parts, const int* units, real* weights, real* biases, int n_parts) {
    using namespace sampling;
    SHARED(real, tile);
    const int* part = parts;
    while (part < parts + (n_parts - 1) * PART && (int)blockIdx.x >= part[PART + TILE_AT]) part += PART;
    const real* from = theta + ((long long)part[FROM_HIGH] << 31 | part[FROM_LOW]);
    real* to = (part[IS_BIAS] ? biases : weights) + ((long long)part[TO_HIGH] << 31 | part[TO_LOW]);
    const int n_in = part[PART_IN];
    const int n_out = part[PART_OUT];
    const int n_across = (n_in + TILE - 1) / TILE;
    const int index = blockIdx.x - part[TILE_AT];
    const int first_row = index / n_across * TILE;
    const int first_column = index % n_across * TILE;
    const int* rows = units + part[ROWS_AT];
    const int* columns = units + part[UNITS_AT];
    const int* reach = units + part[REACH_AT];
    if (first_column >= reach[min(first_row + TILE, n_out) - 1]) return;
    const int along = threadIdx.x % TILE;
    const int n_at_once = blockDim.x / TILE;
    for (int k = threadIdx.x / TILE; k < TILE; k += n_at_once) {
        const int row = first_row + k;
        const int column = first_column + along;
        if (row < n_out && column < n_in)
            tile[k * PADDED + along] =
                column < reach[row] ? from[(long long)rows[row] * n_in + columns[column]] : (real)0;
    }
    __syncthreads();
    for (int k = threadIdx.x / TILE; k < TILE; k += n_at_once) {
        const int row = first_row + along;
        const int column = first_column + k;
        if (row < n_out && column < n_in) to[(long long)column * n_out + row] = tile[along * PADDED + k];
    }
}
