#define MIXED_LOCAL 0
