"""Tables that are larger than a machine, in the libraries that hold such: Dask, Spark.

`made_np.cluster.dask` asks a fitted `MADEDensity` about Dask's arrays or data frames, lazily, or fits one on the
workers that hold them. `made_np.cluster.spark` scores data frames of Spark.
"""
